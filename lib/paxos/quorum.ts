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

/** How many of some nodes have to answer. */
export interface Share {
  /** The ids of the nodes. */
  readonly of: readonly string[];
  /** The number of answers; more than there are nodes: there can never be enough. */
  readonly needed: number;
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

/** Vectors of each length that know of nothing: one for all, since each question to a quorum begins with one. */
const BLANK: (readonly Life[])[] = [];

/**
 * For each member the highest known incarnation (Michael et al., *Recovering Shared Objects Without Stable
 * Storage*, section 4). Entries only ever rise.
 */
export class CrashVector {
  /** Never changed in place: headers, tallies and other vectors hold the same array. */
  #entries: readonly Life[];

  /** Knows of no incarnation yet. */
  constructor(count: number) {
    this.#entries = BLANK[count] ??= new Array(count).fill("");
  }

  /** The entries in the order of the members; a new array after each change. */
  get entries(): readonly Life[] {
    return this.#entries;
  }

  /** Raises entry `index` to `incarnation`, never lowers it. */
  raise(index: number, incarnation: Life): void {
    assertInvariant(index >= 0 && index < this.#entries.length, "only members have incarnations");
    if (!(incarnation > this.#entries[index])) return;
    const entries = this.#entries.slice();
    entries[index] = incarnation;
    this.#entries = entries;
  }

  /** Raises every entry to that of `vector`. */
  merge(vector: readonly Life[]): void {
    const own = this.#entries;
    // Nearly always, from the second reply on, or with the first one.
    if (vector === own) return;
    const count = Math.min(vector.length, own.length);
    let isRaised = false;
    let isBelow = vector.length !== own.length;
    for (let i = 0; i < count; i++) {
      if (vector[i] > own[i]) isRaised = true;
      else if (vector[i] !== own[i]) isBelow = true;
    }
    if (!isRaised) return;
    this.#entries = isBelow ? own.map((entry, i) => vector[i] > entry ? vector[i] : entry) : vector;
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
  /** `null`: a majority of the members. */
  readonly #shares: readonly Share[] | null;
  /** The reply of each member that counts, at its place among the members. Lists that grow have room for 16 more. */
  readonly #senders: (Sender | undefined)[];
  readonly #replies: (T | undefined)[];
  /** How many replies count. */
  #size = 0;
  readonly #known: CrashVector;
  #isNew = true;

  /**
   * `members`: the nodes whose replies count, in the order of their crash vectors. A quorum is all of `shares`; a
   * majority by default.
   */
  constructor(members: readonly string[], shares: readonly Share[] | null = null) {
    if (shares !== null) {
      assertInvariant(
        shares.length > 0 && shares.every(({ needed }) => needed >= 1),
        "a quorum is of at least one member",
      );
    }
    this.#members = members;
    this.#shares = shares;
    this.#known = new CrashVector(members.length);
    this.#senders = new Array(members.length);
    this.#replies = new Array(members.length);
  }

  /**
   * Counts `reply`. It replaces an earlier reply of the same sender, unless it is from an earlier incarnation.
   * Returns whether there is a quorum now.
   */
  add(sender: Sender, reply: T): boolean {
    const index = this.#members.indexOf(sender.member);
    if (index < 0) return this.reached;
    this.#isNew = false;
    this.#known.merge(sender.vector);
    this.#known.raise(index, sender.incarnation);
    const known = this.#known.entries;
    // A late reply from before a crash must not replace one that counts.
    if (sender.incarnation < known[index]) return this.reached;
    if (this.#senders[index] === undefined) this.#size++;
    this.#senders[index] = sender;
    this.#replies[index] = reply;
    for (let i = 0; i < this.#members.length; i++) {
      const counted = this.#senders[i];
      if (counted !== undefined && counted.incarnation < known[i]) this.#drop(i);
    }
    if (!this.reached) return false;
    this.#assertQuorum();
    return true;
  }

  #drop(index: number): void {
    this.#senders[index] = this.#replies[index] = undefined;
    this.#size--;
  }

  /** Compares the replies that count with each other, and not with what was known as they came. */
  #assertQuorum(): void {
    let counted = 0;
    for (let i = 0; i < this.#members.length; i++) {
      const one = this.#senders[i];
      if (one === undefined) continue;
      counted++;
      for (const sender of this.#senders) {
        assertInvariant(
          sender === undefined || !(sender.vector[i] > one.incarnation),
          "no reply of a quorum is from before a crash that another one knows of",
        );
      }
    }
    assertInvariant(counted === this.#size, "a quorum counts each member once, and no others");
  }

  /** Whether the replies that count make a quorum. */
  get reached(): boolean {
    if (this.#shares === null) return this.#size >= majority(this.#members.length);
    for (const { of, needed } of this.#shares) if (this.#countOf(of) < needed) return false;
    return true;
  }

  #countOf(nodes: readonly string[]): number {
    let count = 0;
    for (const node of nodes) if (this.has(node)) count++;
    return count;
  }

  /** How many replies count. */
  get size(): number {
    return this.#size;
  }

  /** Whether it is like a new one for replies of `members`: nothing was counted, and no crash heard of. */
  isFor(members: readonly string[]): boolean {
    return this.#isNew && this.#members === members;
  }

  /** The replies that count, in the order of the members. */
  get replies(): T[] {
    const replies: T[] = [];
    for (let i = 0; i < this.#senders.length; i++) {
      if (this.#senders[i] !== undefined) replies.push(this.#replies[i] as T);
    }
    return replies;
  }

  /** Whether a reply of this member counts. */
  has(member: string): boolean {
    const index = this.#members.indexOf(member);
    return index >= 0 && this.#senders[index] !== undefined;
  }

  /** The members whose reply is still wanted. */
  missing(): string[] {
    return this.#members.filter((_, index) => this.#senders[index] === undefined);
  }
}
