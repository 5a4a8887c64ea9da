import type { Core } from "../node/core.ts";
import type { Limits } from "../node/shell.ts";
import type { Present, RegisterId } from "../paxos/register.ts";
import { fencedOnce } from "../owners/fenced.ts";

/** Registers read at the same time; reading all at once would block the node's other work. */
const READS_AT_ONCE = 64;

/** A register that has a value. */
export interface PresentRegister {
  readonly register: RegisterId;
  /** Its state; `undefined` if it was not read because its presence is certain. */
  readonly state: Present | undefined;
}

/**
 * The registers whose ids begin with `prefix` and that have a value, in order. Values that have ended are
 * left out without waiting for their seal, which the members' housekeeping writes. `read`: with their states.
 */
export async function presentRegisters(
  core: Core,
  prefix: string,
  read: boolean,
  limits: Limits,
): Promise<PresentRegister[]> {
  const queue = (await core.queries.list(prefix, limits)).entries();
  const hasEnded = fencedOnce(core, limits);
  const found: PresentRegister[] = [];
  const look = async () => {
    for (const [register, standing] of queue) {
      if (typeof standing === "object") {
        const ended = await Promise.all(standing.stale.map(hasEnded));
        if (ended.includes(true)) continue;
      }
      const isSure = standing === "present" || (typeof standing === "object" && standing.sure);
      const state = isSure && !read ? undefined : await core.liveness.peek(register, limits);
      if (state !== null) found.push({ register, state });
    }
  };
  await Promise.all(Array.from({ length: READS_AT_ONCE }, look));
  return found.sort((a, b) => a.register < b.register ? -1 : 1);
}
