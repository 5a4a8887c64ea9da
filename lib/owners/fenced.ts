import type { Core } from "../node/core.ts";
import type { Limits } from "../node/shell.ts";
import type { SessionId } from "../paxos/register.ts";

/**
 * Returns a function that tells whether a session has ended. It asks the cluster once for each session; a
 * session whose state cannot be known counts as alive.
 */
export function fencedOnce(core: Core, limits: Limits): (session: SessionId) => Promise<boolean> {
  const asked = new Map<SessionId, Promise<boolean>>();
  return (session) => {
    if (session === core.session.current) return Promise.resolve(false);
    let outcome = asked.get(session);
    if (outcome === undefined) {
      outcome = core.liveness.isFenced(session, limits);
      asked.set(session, outcome);
    }
    return outcome;
  };
}
