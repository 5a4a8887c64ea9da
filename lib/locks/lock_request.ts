import type { Ballot } from "../paxos/ballot.ts";
import type { LockEntry, LockMode } from "../paxos/lock_register.ts";
import type { RegisterId } from "../paxos/register.ts";
import type { Owner } from "../owners/owner.ts";
import { shortLabel } from "./label.ts";

/** What a request asks for, and what it tells people. */
export interface LockWish {
  readonly mode: LockMode;
  /** The most owners, itself included; absent: not counted. */
  readonly permits?: number;
  /** A text for people; absent: none. */
  readonly label?: string;
}

type Writable<T> = { -readonly [Name in keyof T]: T[Name] };

/** One request of this node for one lock, from its first message to its release. */
export class LockRequest {
  readonly register: RegisterId;
  readonly owner: Owner;
  /** The number of the request, unique in the life of the node. */
  readonly number: number;
  readonly mode: LockMode;
  /** The most owners, itself included; `undefined`: not counted. */
  readonly permits: number | undefined;
  /** Its whole label, for people; `undefined`: none. Its entries carry the beginning of it. */
  readonly label: string | undefined;
  /** The wall clock of this node when it was made, in milliseconds since 1970. */
  readonly since: number;
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

  /** A request that was not sent yet; `wall`: the wall clock now. */
  constructor(register: RegisterId, owner: Owner, number: number, wish: LockWish, wall: number) {
    this.register = register;
    this.owner = owner;
    this.number = number;
    this.mode = wish.mode;
    this.permits = wish.permits;
    this.label = wish.label;
    this.since = wholeTime(wall);
  }

  /** Its entry in the lock's queue. */
  get entry(): LockEntry {
    const { owner: { pid }, number: request, mode, permits, since, label } = this;
    const entry: Writable<LockEntry> = { pid, request, mode, token: 0, since };
    if (permits !== undefined) entry.permits = permits;
    if (label !== undefined) entry.label = shortLabel(label);
    return entry;
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
    for (const over of this.#over) over(reason);
    this.#over.length = 0;
  }
}

/** The time of a wall clock, which may be set to anything, as an entry carries it. */
export function wholeTime(wall: number): number {
  return Math.min(Number.MAX_SAFE_INTEGER, Math.max(0, Math.floor(wall)));
}
