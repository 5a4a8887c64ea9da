import type { Life } from "./ballot.ts";
import { assertInvariant } from "./invariant.ts";

/** The size of a majority of `count` members: any two majorities share a member. */
export function majority(count: number): number {
  return Math.floor(count / 2) + 1;
}

/**
 * The number of other members that a member without memory copies from, in a list of `count` members: as many as
 * a majority of all, or all others in a list of two. From three members on, the sets of any two members share a
 * third member. A majority of the other members is too few in an even list: while an older process of one member
 * still runs, the two sets could be disjoint, and what is chosen after the first return be lost by the second.
 */
export function helpersNeeded(count: number): number {
  return Math.max(1, Math.min(majority(count), count - 1));
}

/** The sender of a reply, and the crashes that it knew of then. */
export interface Sender {
  /** The id of the member. */
  readonly member: string;
  /** The life that its memory began with. */
  readonly incarnation: Life;
  /** See {@linkcode CrashVector}; in the order of the members. */
  readonly vector: readonly Life[];
}

/**
 * For each member the highest known incarnation (Michael et al., *Recovering Shared Objects Without Stable
 * Storage*, section 4). Entries only ever rise.
 */
export class CrashVector {
  #entries: Life[];

  /** Knows of no incarnation yet. */
  constructor(count: number) {
    this.#entries = new Array(count).fill("");
  }

  /** The entries in the order of the members; a new array after each change. */
  get entries(): readonly Life[] {
    return this.#entries;
  }

  /** Raises entry `index` to `incarnation`, never lowers it. */
  raise(index: number, incarnation: Life): void {
    assertInvariant(index >= 0 && index < this.#entries.length, "only members have incarnations");
    if (!(incarnation > this.#entries[index])) return;
    // Copied on write: headers and tallies hold the old array and must not see it change.
    this.#entries = this.#entries.slice();
    this.#entries[index] = incarnation;
  }

  /** Raises every entry to that of `vector`. */
  merge(vector: readonly Life[]): void {
    const count = Math.min(vector.length, this.#entries.length);
    for (let i = 0; i < count; i++) this.raise(i, vector[i]);
  }
}

/**
 * Collects the replies to one request until a *crash-consistent* quorum of them is there: replies count
 * together only if none of their senders knows of a later incarnation of another sender than the one that
 * replied. A reply that fails this is from before a crash whose memory is gone; it is dropped, and its sender
 * has to be asked again.
 */
export class Tally<T> {
  readonly #members: readonly string[];
  readonly #needed: number;
  readonly #replies = new Map<string, { sender: Sender; reply: T }>();
  readonly #known: CrashVector;

  /** A quorum is `needed` of `members`; a majority by default. */
  constructor(members: readonly string[], needed: number = majority(members.length)) {
    assertInvariant(needed >= 1 && needed <= members.length, "a quorum is of at least one member");
    this.#members = members;
    this.#needed = needed;
    this.#known = new CrashVector(members.length);
  }

  /**
   * Counts `reply`. It replaces an earlier reply of the same sender, unless it is from an earlier incarnation.
   * Returns whether there is a quorum now.
   */
  add(sender: Sender, reply: T): boolean {
    const index = this.#members.indexOf(sender.member);
    if (index < 0) return this.reached;
    this.#known.merge(sender.vector);
    this.#known.raise(index, sender.incarnation);
    const known = this.#known.entries;
    // A late reply from before a crash must not replace one that counts.
    if (sender.incarnation < known[index]) return this.reached;
    this.#replies.set(sender.member, { sender, reply });
    for (let i = 0; i < this.#members.length; i++) {
      const counted = this.#replies.get(this.#members[i]);
      if (counted !== undefined && counted.sender.incarnation < known[i]) {
        this.#replies.delete(this.#members[i]);
      }
    }
    if (!this.reached) return false;
    this.#assertQuorum();
    return true;
  }

  /** Compares the replies that count with each other, and not with what was known as they came. */
  #assertQuorum(): void {
    let counted = 0;
    for (let i = 0; i < this.#members.length; i++) {
      const one = this.#replies.get(this.#members[i]);
      if (one === undefined) continue;
      counted++;
      for (const { sender } of this.#replies.values()) {
        assertInvariant(
          !(sender.vector[i] > one.sender.incarnation),
          "no reply of a quorum is from before a crash that another one knows of",
        );
      }
    }
    assertInvariant(
      counted === this.#replies.size,
      "a quorum counts each member once, and no others",
    );
  }

  /** Whether the replies that count make a quorum. */
  get reached(): boolean {
    return this.#replies.size >= this.#needed;
  }

  /** How many replies count. */
  get size(): number {
    return this.#replies.size;
  }

  /** The replies that count, by member. */
  get replies(): T[] {
    return Array.from(this.#replies.values(), (counted) => counted.reply);
  }

  /** Whether a reply of this member counts. */
  has(member: string): boolean {
    return this.#replies.has(member);
  }

  /** The members whose reply is still wanted. */
  missing(): string[] {
    return this.#members.filter((member) => !this.#replies.has(member));
  }
}
