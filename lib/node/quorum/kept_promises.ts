import { type Ballot, compareBallots } from "../../paxos/ballot.ts";
import type { KeptPromise } from "../../paxos/proposer.ts";
import type { RegisterId } from "../../paxos/register.ts";
import { RecentMap } from "../runtime/recent_map.ts";

/** Promises kept, to bound memory; the oldest are dropped first. */
const MAX_KEPT = 10_000;

/** Promises for the next change of a register, each to be used once. */
export class KeptPromises {
  readonly #kept = new RecentMap<RegisterId, KeptPromise>(MAX_KEPT);

  /** Keeps the promise for `register`, in place of an older one. */
  put(register: RegisterId, kept: KeptPromise): void {
    this.#kept.set(register, kept);
  }

  /** Returns the promise for `register` and no longer keeps it. */
  take(register: RegisterId): KeptPromise | undefined {
    const kept = this.#kept.get(register);
    if (kept !== undefined) this.#kept.delete(register);
    return kept;
  }

  /** A state was chosen for `register` at `ballot`: a kept promise whose ballot is not higher is void. */
  outdated(register: RegisterId, ballot: Ballot): void {
    const kept = this.#kept.get(register);
    if (kept !== undefined && compareBallots(ballot, kept.ballot) >= 0) this.#kept.delete(register);
  }

  /** Forgets all promises. */
  clear(): void {
    this.#kept.clear();
  }
}
