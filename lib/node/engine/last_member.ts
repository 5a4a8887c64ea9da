import { readConfiguration } from "../../codec.ts";
import { type Configuration, votersOf } from "../../paxos/configuration.ts";
import type { Request } from "../../paxos/messages.ts";
import { isConfiguration } from "../../paxos/register.ts";

/**
 * Whether a request under `configuration` is a step to a list of `self` alone: the question with which the removal of the
 * other member begins, or the removal itself. A member that closes answers neither: all that the cluster knows would be
 * gone with its memory.
 */
export function leavesAlone(
  configuration: Configuration,
  self: string,
  request: Request,
): boolean {
  const voters = votersOf(configuration);
  // A list of this member alone is settled also while it closes.
  if (voters.length !== 2) return false;
  if (request.type === "incarnationOf") return voters.includes(request.node);
  if (request.type !== "accept" || !isConfiguration(request.register)) return false;
  const next = readConfiguration(request.state);
  return next !== null && votersOf(next).every((id) => id === self);
}
