import type { LockEntry, LockValue } from "../paxos/lock_register.ts";
import type { Pid, RegisterId } from "../paxos/register.ts";

/** The part of a lock that says who owns it, and who waits. */
export type OwnedLock = Pick<LockValue, "holders" | "queue">;

/** A step of a cycle: the owner of this lock waits for the next one. */
export interface CycleStep {
  readonly register: RegisterId;
  readonly owner: LockEntry;
}

/** Whether two owners are the same one: the same process, or else any of the same session. */
export type SameOwner = (a: Pid, b: Pid) => boolean;

/** The same process. */
export const sameProcess: SameOwner = (a, b) => a.session === b.session && a.seq === b.seq;

/** The same session: perhaps the same task, which has an owner for each lock. */
export const sameSession: SameOwner = (a, b) => a.session === b.session;

/** The locks that wait for `owner` to get them: it is in their queues. */
export function waitedForBy(
  { pid }: LockEntry,
  waited: ReadonlyMap<RegisterId, OwnedLock>,
  same: SameOwner,
): RegisterId[] {
  return [...waited].filter(([, { queue }]) => queue.some((entry) => same(entry.pid, pid)))
    .map(([register]) => register);
}

/**
 * The shortest cycle through `start`: an owner of each lock waits for the next one, and an owner of the last one for
 * `start`; `null`: there is none. `waited` has all locks with a queue.
 */
export function cycleThrough(
  start: RegisterId,
  waited: ReadonlyMap<RegisterId, OwnedLock>,
  same: SameOwner,
): CycleStep[] | null {
  /** For each lock that was reached: the lock before it, and whose owner waits for it. */
  const cameBy = new Map<RegisterId, CycleStep>();
  let next: RegisterId[] = [start];
  while (next.length > 0) {
    const reached: RegisterId[] = [];
    for (const register of next) {
      for (const owner of waited.get(register)?.holders ?? []) {
        for (const target of waitedForBy(owner, waited, same)) {
          if (target === register) continue;
          const step = { register, owner };
          if (target === start) return [...pathTo(register, start, cameBy), step];
          if (cameBy.has(target)) continue;
          cameBy.set(target, step);
          reached.push(target);
        }
      }
    }
    next = reached;
  }
  return null;
}

/** The steps from `start` up to `register`, which the last of them leads to. */
function pathTo(
  register: RegisterId,
  start: RegisterId,
  cameBy: ReadonlyMap<RegisterId, CycleStep>,
): CycleStep[] {
  const steps: CycleStep[] = [];
  for (let at = register; at !== start;) {
    const step = cameBy.get(at);
    if (step === undefined) break;
    steps.unshift(step);
    at = step.register;
  }
  return steps;
}
