import type { Ballot } from "../paxos/ballot.ts";
import type { LockMode } from "../paxos/lock_register.ts";
import type { RegisterId } from "../paxos/register.ts";
import type { Owner } from "../owners/owner.ts";

/** One request of this node for one lock, from its first message to its release. */
export class LockRequest {
  readonly register: RegisterId;
  readonly owner: Owner;
  /** The number of the request, unique in the life of the node. */
  readonly number: number;
  readonly mode: LockMode;
  /** The counter of the first `accept` with this request; `undefined` before it. */
  firstAccept: number | undefined;
  /** The ballot at which the request is known to be in the register. */
  seen: Ballot | undefined;
  /** The fencing token, once the lock is granted. */
  token = 0;
  /** Whether the lock was granted, and neither released nor lost since. */
  holds = false;
  readonly #over: ((reason: unknown) => void)[] = [];
  #end: { readonly reason: unknown } | undefined;

  /** A request that was not sent yet. */
  constructor(register: RegisterId, owner: Owner, number: number, mode: LockMode) {
    this.register = register;
    this.owner = owner;
    this.number = number;
    this.mode = mode;
  }

  /** Calls `over` when the lock is released (with `undefined`) or taken away (with the reason). */
  onOver(over: (reason: unknown) => void): void {
    if (this.#end !== undefined) over(this.#end.reason);
    else this.#over.push(over);
  }

  /** Ends the request: the lock is released, or taken away for `reason`. */
  end(reason: unknown): void {
    if (!this.holds) return;
    this.holds = false;
    this.#end = { reason };
    for (const over of this.#over.splice(0)) over(reason);
  }
}
