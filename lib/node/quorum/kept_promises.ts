import { type Ballot, compareBallots } from "../../paxos/ballot.ts";
import type { KeptPromise } from "../../paxos/proposer.ts";
import type { RegisterId } from "../../paxos/register.ts";
import { RecentMap } from "../runtime/recent_map.ts";

/** So many are kept; the oldest go first. */
const MAX_KEPT = 10_000;

/** Promises for the next change of a register, each to be used once. */
export class KeptPromises {
  readonly #kept = new RecentMap<RegisterId, KeptPromise>(MAX_KEPT);

  /** Keeps the promise for `register`, in place of an older one. */
  put(register: RegisterId, kept: KeptPromise): void {
    this.#kept.set(register, kept);
  }

  /** The promise for `register`, which is not kept any more from now on. */
  take(register: RegisterId): KeptPromise | undefined {
    const kept = this.#kept.get(register);
    if (kept !== undefined) this.#kept.delete(register);
    return kept;
  }

  /** Something was chosen for `register` at `ballot`: a promise below that holds no more. */
  outdated(register: RegisterId, ballot: Ballot): void {
    const kept = this.#kept.get(register);
    if (kept !== undefined && compareBallots(ballot, kept.ballot) >= 0) this.#kept.delete(register);
  }

  /** Forgets all. */
  clear(): void {
    this.#kept.clear();
  }
}
