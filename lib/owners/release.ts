import type { Core } from "../node/core.ts";
import type { Limits } from "../node/shell.ts";
import type { RegisterChange } from "../paxos/change.ts";
import type { RegisterId, SessionId } from "../paxos/register.ts";

/** Delay between two tries to release the same register, in milliseconds. */
const RETRY_WAIT = 50;

/** A release that has to succeed while the owner's session lasts. */
export interface ReleaseTask {
  readonly register: RegisterId;
  /** The session of the owner; its end frees what it owned, too. */
  readonly session: SessionId;
  /** The change that gives the register up. */
  readonly change: RegisterChange<unknown>;
  /** Whether an earlier write of the owner may still take effect, and has to be superseded. */
  readonly unsure: boolean;
  /** Whether others wait for it, so that a first nack is no reason to wait. */
  readonly retryAtOnce?: boolean;
  /** Whether it may join a round that has begun; see `ChangeOptions`. */
  readonly joins?: boolean;
  /** The limits of one try; those of a release by default. */
  readonly limits?: () => Pick<Limits, "deadline">;
}

/** Releases a register: tries until it succeeds, the session is over, or the node has closed. */
export async function release(core: Core, task: ReleaseTask): Promise<void> {
  const { register, session, change, retryAtOnce, joins } = task;
  let mustWrite = task.unsure;
  while (core.session.isPossible(session)) {
    try {
      await core.proposals.change(register, change, {
        deadline: (task.limits?.() ?? core.releaseLimits()).deadline,
        mustWrite,
        retryAtOnce,
        joins,
        // A full member must not prevent that room is made.
        reserve: true,
      });
      return;
    } catch {
      if (core.isOver) return;
      // What the failed try has sent may take effect, or not.
      mustWrite = true;
      // A try may fail at once, with `full` for example; retries must not spin.
      await core.pause(RETRY_WAIT);
    }
  }
}
