import { type Ballot, compareBallots, floorBallot, type Life } from "./ballot.ts";
import { Endings } from "./endings.ts";
import type { Listed, RegisterCopy, RegisterReply, RegisterRequest } from "./messages.ts";
import { RegisterIndex } from "./register_index.ts";
import {
  type Accepted,
  isConfiguration,
  type RegisterId,
  type SessionId,
  type State,
} from "./register.ts";
import { sizeOf } from "./size.ts";
import { type Watcher, Watchers } from "./watchers.ts";

/** What an acceptor remembers of one register. */
interface Entry {
  promised: Ballot;
  accepted: Accepted | null;
  /** Copied from others during recovery, never accepted by this acceptor itself. */
  copied: boolean;
}

/** Who asks: a node, and the life of it that the reply is for. */
export interface Asker {
  /** The id of the node. */
  readonly node: string;
  /** The life of the node. */
  readonly life: Life;
}

/** A reply, and what goes out to those who watch. */
export interface AcceptorOutput {
  /** What to answer; `undefined`: nothing. */
  readonly reply: RegisterReply | undefined;
  /** What goes out to those who watch. */
  readonly pushes: readonly { readonly watcher: Watcher; readonly reply: RegisterReply }[];
}

/** What an acceptor needs to know of the world around it. */
export interface AcceptorOptions {
  /** No more registers than this. */
  readonly maxKeys: number;
  /** No new register while those held take so many bytes; see {@linkcode sizeOf}. */
  readonly maxBytes: number;
  /** Tokens begin above this. */
  readonly floor: number;
  /** Whether this acceptor believes that a session expired. */
  readonly isStale: (session: SessionId, now: number) => boolean;
}

/** What is done to have room again, as told with `full`. */
export interface MakingRoom {
  /** Whether something that has ended is being sealed or forgotten: it is worth asking again soon. */
  readonly tidying: boolean;
  /** The members that released registers wait for. */
  readonly missing: readonly string[];
}

/** Stale sessions that a list names of one register; one with more of them has to be read. */
const MAX_LISTED_STALE = 4;

/** Old promises that are dropped at most in one go: as many may come between two of them. */
const DROPPED_AT_ONCE = 1_000;

/**
 * Least time for which a promise with nothing accepted is kept, in milliseconds: the `accept` comes one round
 * trip later, of 20 s at most, and a promise that is gone by then refuses it.
 */
export const PROMISE_TTL = 30_000;

/** So many entries at most in one reply to `list`, and in one piece of a copy. */
export const PIECE_ENTRIES = 1_000;

/** Registers of one piece of a copy carry about this much at most, in bytes (at least one register). */
export const PIECE_BYTES = 256 * 1024;

const NO_PUSHES: AcceptorOutput["pushes"] = [];

/**
 * The acceptor of one member, for all registers (Lamport, *Paxos Made Simple*, section 2.2; Rystsov,
 * *CASPaxos*, section 2.2): it answers with what it promised and accepted, and never goes back on a
 * promise. What it holds nothing about counts as promised up to its floor, so that it may forget.
 */
export class Acceptor {
  readonly #options: AcceptorOptions;
  readonly #entries = new Map<RegisterId, Entry>();
  readonly #index = new RegisterIndex();
  readonly #watchers = new Watchers();
  /** Registers with a promise and nothing accepted, and when that was; oldest first. */
  readonly #promisedOnly = new Map<RegisterId, number>();
  /** Before this time none of those promises is old. */
  #nextDrop = -Infinity;
  /** Registers whose accepted state is a tombstone, and since when; oldest first. */
  readonly #tombstones = new Map<RegisterId, number>();
  #floor: number;
  #bytes = 0;
  #makeRoom: () => MakingRoom = () => ({ tidying: false, missing: [] });
  #listener: (isKey: boolean) => void = () => {};
  /** What may end which of its values. */
  readonly endings: Endings = new Endings((register) =>
    this.#entries.get(register)?.accepted?.state ?? null
  );

  /** An acceptor that holds nothing. */
  constructor(options: AcceptorOptions) {
    this.#options = options;
    this.#floor = options.floor;
  }

  /** Every ballot with a counter of at most this is promised for what it holds nothing about. */
  get floor(): number {
    return this.#floor;
  }

  /** How many registers it holds something about. */
  get size(): number {
    return this.#entries.size;
  }

  /** How many bytes they take; see {@linkcode sizeOf}. */
  get bytes(): number {
    return this.#bytes;
  }

  /** How many of them are released and not forgotten. */
  get released(): number {
    return this.#tombstones.size;
  }

  /** The registers that have been released for at least `age` milliseconds; oldest first. */
  *tombstones(age: number, now: number): Generator<RegisterId> {
    for (const [register, since] of this.#tombstones) {
      if (now - since < age) return;
      yield register;
    }
  }

  /** Calls `listener` for the first register, and with what {@linkcode Endings.onNews} tells. */
  onNews(listener: (isKey: boolean) => void): void {
    this.#listener = listener;
    this.endings.onNews(listener);
  }

  /** `makeRoom` is called for each answer `full`, and gives what that says. */
  onFull(makeRoom: () => MakingRoom): void {
    this.#makeRoom = makeRoom;
  }

  /** Drops old promises with nothing accepted, also while nobody asks anything. */
  tidy(now: number): void {
    this.#dropOldPromises(now);
  }

  /** Answers one request; `now` is the reading of the monotonic clock at its arrival. */
  handle(request: RegisterRequest & { id?: number }, from: Asker, now: number): AcceptorOutput {
    this.#dropOldPromises(now);
    switch (request.type) {
      case "prepare":
        return only(this.#prepare(request.register, request.ballot, now));
      case "accept":
        return this.#accept(request, now);
      case "read":
        return only({
          type: "current",
          promised: this.#promised(request.register),
          ...this.#report(request.register, now),
        });
      case "list":
        return only(this.#list(request.prefix, request.after, now));
      case "forget":
        this.#forget(request.register, request.ballot);
        return { reply: undefined, pushes: NO_PUSHES };
      case "watch": {
        const watcher = { ...from, id: request.id ?? 0 };
        const added = this.#watchers.add(request.register, watcher, now);
        return { reply: added ? { type: "watching" } : undefined, pushes: NO_PUSHES };
      }
      case "unwatch":
        this.#watchers.remove(request.register, { ...from, id: request.id ?? 0 });
        return { reply: undefined, pushes: NO_PUSHES };
    }
  }

  /**
   * The registers after `after` in order, for a member that recovers: as many as fit into one piece.
   * No further piece is needed when `more` is false.
   */
  copy(after: RegisterId): { registers: RegisterCopy[]; more: boolean } {
    const registers: RegisterCopy[] = [];
    let bytes = 0;
    for (const register of this.#index.after("", after)) {
      const entry = this.#entries.get(register);
      if (entry === undefined) continue;
      if (registers.length >= PIECE_ENTRIES || (bytes >= PIECE_BYTES && registers.length > 0)) {
        return { registers, more: true };
      }
      registers.push({ register, promised: entry.promised, accepted: entry.accepted });
      bytes += register.length + 100;
      if (entry.accepted?.state.present) bytes += entry.accepted.state.value.length;
    }
    return { registers, more: false };
  }

  /** Takes over what others held: every entry counts as copied until it is accepted anew. */
  adopt(registers: Iterable<RegisterCopy>, floor: number, now: number): void {
    this.#floor = Math.max(this.#floor, floor);
    for (const { register, promised, accepted } of registers) {
      if (!this.#entries.has(register)) this.#index.add(register);
      this.#entries.set(register, { promised, accepted, copied: accepted !== null });
      this.#bytes += sizeOf(register, accepted?.state ?? null);
      this.endings.replace(register, null, accepted?.state ?? null);
      if (accepted === null) this.#promisedOnly.set(register, now);
      else if (!accepted.state.present) this.#tombstones.set(register, now);
    }
  }

  /** `b > promised`: promises it (Paxos Made Simple, phase 1b). */
  #prepare(register: RegisterId, ballot: Ballot, now: number): RegisterReply {
    const promised = this.#promised(register);
    if (compareBallots(ballot, promised) <= 0) return { type: "nack", promised };
    let entry = this.#entries.get(register);
    if (entry === undefined) {
      if (this.#isFull(register, null)) return this.#full();
      entry = this.#create(register);
    }
    entry.promised = ballot;
    if (entry.accepted === null) {
      // Deleted first, so that the map stays in the order of the promises.
      this.#promisedOnly.delete(register);
      this.#promisedOnly.set(register, now);
    }
    return { type: "promise", ballot, ...this.#report(register, now) };
  }

  /** `b >= promised`: accepts it (Paxos Made Simple, phase 2b). */
  #accept(request: RegisterRequest & { type: "accept" }, now: number): AcceptorOutput {
    const { register, ballot, state, next } = request;
    const promised = this.#promised(register);
    if (compareBallots(ballot, promised) < 0) return only(this.#refuse(request, promised, now));
    // What releases, what is held already, what a sweep brings and the configuration always have room.
    const isNew = state.present && !this.#entries.has(register) && request.sweep !== true;
    if (isNew && this.#isFull(register, state)) return only(this.#full());
    const entry = this.#entries.get(register) ?? this.#create(register);
    const before = entry.accepted?.state ?? null;
    entry.accepted = { ballot, state };
    this.#bytes += sizeOf(register, state) - sizeOf(register, before);
    this.endings.replace(register, before, state);
    entry.promised = next ? { counter: ballot.counter + 1, life: ballot.life } : ballot;
    entry.copied = false;
    this.#promisedOnly.delete(register);
    this.#tombstones.delete(register);
    if (!state.present) this.#tombstones.set(register, now);
    const pushes = this.#watchers.of(register, now).map((watcher) => ({
      watcher,
      reply: { type: "learned", register, ballot, state } as const,
    }));
    return { reply: { type: "accepted", ballot }, pushes };
  }

  /** An `accept` that comes too late: as if a `prepare` of its fallback had come right behind it. */
  #refuse(
    { register, ballot, fallback }: RegisterRequest & { type: "accept" },
    promised: Ballot,
    now: number,
  ): RegisterReply {
    // What it holds nothing about might be refused for want of room, which is no answer to an `accept`. And a
    // second copy of what it took is no reason to promise more: the first one may have had it promise the next.
    const entry = this.#entries.get(register);
    const took = entry?.accepted?.ballot;
    const isCopy = took !== undefined && compareBallots(took, ballot) === 0;
    if (fallback === null || entry === undefined || isCopy) return { type: "nack", promised };
    return this.#prepare(register, { counter: fallback, life: ballot.life }, now);
  }

  /** What it has accepted for `register`, or its floor. */
  #report(register: RegisterId, now: number): {
    accepted: Accepted | null;
    copied: boolean;
    floor: number;
    stale: SessionId[];
  } {
    const entry = this.#entries.get(register);
    const accepted = entry?.accepted ?? null;
    if (entry === undefined || accepted === null) {
      return { accepted: null, copied: false, floor: this.#floor, stale: [] };
    }
    const stale = accepted.state.present
      ? accepted.state.owners.filter((owner) => this.#options.isStale(owner, now))
      : [];
    return { accepted, copied: entry.copied, floor: 0, stale };
  }

  #list(prefix: string, after: string, now: number): RegisterReply {
    const registers: Listed[] = [];
    for (const register of this.#index.after(prefix, after)) {
      const entry = this.#entries.get(register);
      if (entry === undefined || entry.accepted === null) continue;
      if (registers.length >= PIECE_ENTRIES) return { type: "listed", registers, more: true };
      registers.push(this.#listed(register, entry.accepted, entry.copied, now));
    }
    return { type: "listed", registers, more: false };
  }

  #listed(register: RegisterId, { ballot, state }: Accepted, copied: boolean, now: number): Listed {
    const { present } = state;
    const bindings = present ? state.bindings : [];
    const owners = present ? state.owners : [];
    const stale = owners.filter((owner) => this.#options.isStale(owner, now));
    const isLong = stale.length > MAX_LISTED_STALE;
    const bound = isLong || bindings.some(({ kind }) => kind === "key");
    const times = bindings.map((binding) => binding.kind === "until" ? binding.time : Infinity);
    const until = Math.min(...times);
    return {
      ...{ register, ballot, present, copied, bound, owners: owners.length },
      until: until === Infinity ? null : until,
      stale: isLong ? [] : stale,
    };
  }

  /** Every member accepted exactly this tombstone: from now on the floor speaks for it. */
  #forget(register: RegisterId, ballot: Ballot): void {
    const entry = this.#entries.get(register);
    if (entry === undefined || entry.accepted === null || entry.accepted.state.present) return;
    if (compareBallots(entry.accepted.ballot, ballot) !== 0) return;
    // Somebody is about to write over it, and the floor would refuse that: who reads nothing then at that very
    // ballot cannot tell it from a write of its own that came and went. As if the message had been lost.
    if (compareBallots(entry.promised, ballot) > 0) return;
    this.#drop(register, entry);
  }

  /** Entries with a promise and nothing accepted go some seconds after the promise. */
  #dropOldPromises(now: number): void {
    if (now < this.#nextDrop) return;
    let dropped = 0;
    for (const [register, since] of this.#promisedOnly) {
      this.#nextDrop = since + PROMISE_TTL;
      if (now < this.#nextDrop || ++dropped > DROPPED_AT_ONCE) return;
      this.#promisedOnly.delete(register);
      const entry = this.#entries.get(register);
      if (entry !== undefined && entry.accepted === null) this.#drop(register, entry);
    }
    this.#nextDrop = now + PROMISE_TTL;
  }

  /** Late messages with old ballots fail on the floor from now on. */
  #drop(register: RegisterId, entry: Entry): void {
    this.#floor = Math.max(this.#floor, entry.promised.counter);
    this.#entries.delete(register);
    this.#tombstones.delete(register);
    this.#bytes -= sizeOf(register, entry.accepted?.state ?? null);
    this.#index.delete(register);
  }

  /** Whether there is no room for a new register with this state. */
  #isFull(register: RegisterId, state: State | null): boolean {
    if (isConfiguration(register)) return false;
    const { maxKeys, maxBytes } = this.#options;
    return this.#entries.size >= maxKeys || this.#bytes + sizeOf(register, state) > maxBytes;
  }

  #full(): RegisterReply {
    return { type: "full", ...this.#makeRoom() };
  }

  #promised(register: RegisterId): Ballot {
    return this.#entries.get(register)?.promised ?? floorBallot(this.#floor);
  }

  #create(register: RegisterId): Entry {
    const entry: Entry = { promised: floorBallot(this.#floor), accepted: null, copied: false };
    this.#entries.set(register, entry);
    this.#bytes += sizeOf(register, null);
    this.#index.add(register);
    if (this.#entries.size === 1) this.#listener(false);
    return entry;
  }
}

function only(reply: RegisterReply): AcceptorOutput {
  return { reply, pushes: NO_PUSHES };
}
