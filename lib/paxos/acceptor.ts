import { after, type Ballot, compareBallots, floorBallot, type Life } from "./ballot.ts";
import { BarePromises } from "./bare_promises.ts";
import { Endings } from "./endings.ts";
import { presentOf } from "./change.ts";
import { assertInvariant } from "./invariant.ts";
import { type AcceptorReport, listPiece, reportOf } from "./listing.ts";
import type { RegisterCopy, RegisterReply, RegisterRequest, StoredRegister } from "./messages.ts";
import { copyPiece, namesPiece } from "./pieces.ts";
import { RegisterIndex } from "./register_index.ts";
import {
  type Accepted,
  isConfiguration,
  type RegisterId,
  type SessionId,
  type State,
} from "./register.ts";
import { HeldRegister } from "./held_register.ts";
import type { AcceptorEntry, AcceptorOptions, AcceptorOutput } from "./acceptor_types.ts";
import type { MakingRoom } from "./capacity.ts";
import { Room } from "./room.ts";
import { type Requester, Watchers } from "./watchers.ts";

export type { AcceptorOptions, AcceptorOutput } from "./acceptor_types.ts";

const NO_PUSHES: AcceptorOutput["pushes"] = [];
const NOTHING: AcceptorOutput = { reply: undefined, pushes: NO_PUSHES };

/**
 * The acceptor of one member, for all registers (Lamport, *Paxos Made Simple*, section 2.2; Rystsov,
 * *CASPaxos*, section 2.2). It answers with what it promised and accepted, and never breaks a promise. A
 * register that it does not hold counts as promised up to its floor, so it may forget registers.
 */
export class Acceptor {
  readonly #options: AcceptorOptions;
  readonly #entries = new Map<RegisterId, HeldRegister>();
  readonly #index = new RegisterIndex();
  readonly #watchers = new Watchers();
  /** The registers with a promise and no accepted state. */
  readonly #promisedOnly = new BarePromises();
  /** Registers whose accepted state is a tombstone, by the time at which it was accepted; oldest first. */
  readonly #tombstones = new Map<RegisterId, number>();
  #floor: number;
  readonly #room: Room;
  #listener: (isKey: boolean) => void = () => {};
  #changed: (register: RegisterId) => void = () => {};
  /** The index of the causes that may end its values. */
  readonly endings: Endings = new Endings((register) =>
    this.#entries.get(register)?.accepted?.state ?? null
  );

  /** An acceptor that holds nothing. */
  constructor(options: AcceptorOptions) {
    this.#options = options;
    this.#room = new Room(options);
    this.#floor = options.floor;
  }

  /** The floor: for registers that it does not hold, every ballot with a counter of at most this is promised. */
  get floor(): number {
    return this.#floor;
  }

  /** The number of registers that it holds. */
  get size(): number {
    return this.#entries.size;
  }

  /** The bytes that they take; see `sizeOf`. */
  get bytes(): number {
    return this.#room.bytes;
  }

  /** Whether there is no room for a new register with this state. */
  isFull(register: RegisterId, state: State | null): boolean {
    return this.#room.isFull(register, state, this.#entries.size);
  }

  /** The number of held registers that are released and not yet forgotten. */
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

  /** Calls `listener` for the first register, and with the news of {@linkcode Endings.onNews}. */
  onNews(listener: (isKey: boolean) => void): void {
    this.#listener = listener;
    this.endings.onNews(listener);
  }

  /** Calls `listener` with each register whose entry changes or goes, before that is answered; for a disk. */
  onChange(listener: (register: RegisterId) => void): void {
    this.#changed = listener;
  }

  /** The entry of a register as it is kept on a disk; `undefined`: it holds none. */
  stored(register: RegisterId): StoredRegister | undefined {
    const entry = this.#entries.get(register);
    if (entry === undefined) return undefined;
    const { promised, accepted, copied } = entry;
    return { register, promised, accepted, copied };
  }

  /** `makeRoom` is called for each reply `full`, and returns its contents. */
  onFull(makeRoom: () => MakingRoom): void {
    this.#room.onFull(makeRoom);
  }

  /** Drops old promises without an accepted state, also while no requests arrive. */
  tidy(now: number): void {
    this.#dropOldPromises(now);
  }

  /** Answers one request; `now` is the reading of the monotonic clock at its arrival. */
  handle(request: RegisterRequest & { id?: number }, from: Requester, now: number): AcceptorOutput {
    this.#dropOldPromises(now);
    switch (request.type) {
      case "prepare":
        return this.#prepare(request, now);
      case "accept":
        return this.#accept(request, now);
      case "fast":
        return this.#fast(request, now);
      case "chosen":
        return this.#mark(request.register, request.ballot, now);
      case "read": {
        const entry = this.#entries.get(request.register);
        return only({
          type: "current",
          promised: this.#promised(entry),
          ...this.#report(entry, now),
        });
      }
      case "list":
        return only(this.#list(request.prefix, request.after, now));
      case "forget":
        this.#forget(request.register, request.ballot);
        return NOTHING;
      case "watch": {
        const watcher = { ...from, id: request.id ?? 0 };
        const added = this.#watchers.add(request.register, watcher, now);
        return added ? only({ type: "watching" }) : NOTHING;
      }
      case "unwatch":
        this.#watchers.remove(request.register, { ...from, id: request.id ?? 0 });
        return NOTHING;
    }
  }

  /** Whether a life watches `register`, so that what is accepted for it is pushed. */
  isWatched(register: RegisterId): boolean {
    return this.#watchers.has(register);
  }

  /** The registers after `after` in order, for a member that recovers: one piece. Without `more` it is the last one. */
  copy(after: RegisterId): { registers: RegisterCopy[]; more: boolean } {
    return copyPiece(this.#index.after("", after), this.#entries);
  }

  /**
   * The names of the registers after `after` in order, also of those with nothing but a promise: as many as fit into one
   * piece. No further piece is needed when `more` is false.
   */
  inventory(after: RegisterId): { registers: RegisterId[]; more: boolean } {
    return namesPiece(this.#index.after("", after));
  }

  /** Promises every ballot with a counter of at most `floor`, for the registers that it does not hold. */
  raiseFloor(floor: number): void {
    if (floor > this.#floor) this.#floor = floor;
  }

  /**
   * Takes over the registers of other members: every entry counts as copied until this acceptor accepts a state
   * for it. Those of its own disk are what they were.
   */
  adopt(registers: Iterable<RegisterCopy | StoredRegister>, floor: number, now: number): void {
    this.#floor = Math.max(this.#floor, floor);
    for (const one of registers) {
      const { register, promised, accepted } = one;
      const copied = "copied" in one ? one.copied : accepted !== null;
      if (!this.#entries.has(register)) this.#index.add(register);
      this.#entries.set(register, new HeldRegister(promised, accepted, copied));
      this.#room.tally(register, undefined, accepted?.state ?? null);
      this.endings.replace(register, null, accepted?.state ?? null);
      if (accepted === null) this.#promisedOnly.note(register, now);
      else if (!accepted.state.present) this.#tombstones.set(register, now);
    }
  }

  /** Phase 1b of *Paxos Made Simple*: promises `b` if `b > promised`; the heir that loses its promise is told. */
  #prepare(
    request: Omit<RegisterRequest & { type: "prepare" }, "type">,
    now: number,
  ): AcceptorOutput {
    const { register, ballot } = request;
    const held = this.#entries.get(register);
    const promised = this.#promised(held);
    if (compareBallots(ballot, promised) <= 0) return only({ type: "nack", promised });
    const isHeld = held !== undefined;
    if (!this.#room.takes(request, isHeld, this.#entries.size, now)) return only(this.#room.full());
    const entry = held ?? this.#create(register);
    assertInvariant(compareBallots(ballot, entry.promised) > 0, "a promise only rises");
    const pushes = this.#watchers.losing(register, entry.keeper, ballot, now);
    entry.promised = ballot;
    this.#changed(register);
    if (entry.isBlank) this.#promisedOnly.note(register, now);
    const { accepted, copied, floor, stale } = this.#report(entry, now);
    return { reply: { type: "promise", ballot, accepted, copied, floor, stale }, pushes };
  }

  /** Phase 2b of *Paxos Made Simple*: accepts `b` if `b >= promised`. */
  #accept(request: RegisterRequest & { type: "accept" }, now: number): AcceptorOutput {
    const { register, ballot, state, next, heir } = request;
    const held = this.#entries.get(register);
    const promised = this.#promised(held);
    if (compareBallots(ballot, promised) < 0) return this.#refuse(request, promised, now);
    // Tombstones, held registers, states of a sweep and the configuration always have room.
    const isNew = state.present && held === undefined && request.sweep !== true;
    if (isNew && this.isFull(register, state)) return only(this.#room.full());
    const entry = held ?? this.#create(register);
    this.#store(register, entry, { ballot, state }, next ? after(ballot, heir) : ballot, now);
    return this.#pushing(register, { type: "accepted", ballot }, entry, now, heir);
  }

  /**
   * Accepts the state of a fast round if the register was never written, as far as this acceptor knows (section 3a), and
   * promises the next ballot with it. Otherwise that ballot is prepared.
   */
  #fast(request: RegisterRequest & { type: "fast" }, now: number): AcceptorOutput {
    const { register, ballot, state } = request;
    // The configuration is never decided in a fast round.
    if (isConfiguration(register)) return NOTHING;
    const held = this.#entries.get(register);
    const [promised, accepted] = [this.#promised(held), held?.accepted ?? null];
    const isNewer = compareBallots(ballot, promised) > 0 && ballot.counter > this.#floor;
    if (accepted === null && isNewer) {
      // It is a `prepare` in one with its `accept`: what it reserves is used at once, so any size will do.
      const asked = { register, ballot, grows: 1 };
      const hasRoom = this.#room.takes(asked, held !== undefined, this.#entries.size, now);
      if (!hasRoom) return only(this.#room.full());
      const entry = held ?? this.#create(register);
      const over = this.#floor;
      const vote = { ballot, state: presentOf(state, state.token, over), fast: true } as const;
      this.#store(register, entry, vote, after(ballot), now);
      return this.#pushing(register, { type: "took", ballot, over }, entry, now);
    }
    // A second copy of the request that it has taken, without a higher promise since.
    const isCopy = accepted?.state.present === true && held?.copied === false &&
      compareBallots(accepted.ballot, ballot) === 0 &&
      compareBallots(promised, after(ballot)) === 0;
    if (isCopy) return only({ type: "took", ballot, over: accepted.state.over });
    return this.#prepare({ register, ballot: after(ballot) }, now);
  }

  /** The ballot of a fast round is chosen: what was accepted in it counts as accepted classically from now on. */
  #mark(register: RegisterId, ballot: Ballot, now: number): AcceptorOutput {
    const entry = this.#entries.get(register);
    if (entry?.mark(ballot) !== true) return NOTHING;
    this.#changed(register);
    // A copy stays a copy, and is no vote to tell of.
    return entry.copied ? NOTHING : this.#pushing(register, undefined, entry, now);
  }

  /** Notes what it accepts for a register, as its own vote, and what it promises with that. */
  #store(
    register: RegisterId,
    entry: HeldRegister,
    accepted: Accepted,
    promised: Ballot,
    now: number,
  ): void {
    const { ballot, state } = accepted;
    const last = entry.accepted;
    const before = last?.state ?? null;
    assertInvariant(
      last === null || compareBallots(last.ballot, ballot) <= 0,
      "an acceptor never goes back to a lower ballot",
    );
    assertInvariant(
      compareBallots(ballot, promised) <= 0 && compareBallots(entry.promised, promised) <= 0,
      "an accepted ballot is promised, and no promise is lowered",
    );
    entry.accepted = accepted;
    this.#room.tally(register, before, state);
    this.endings.replace(register, before, state);
    entry.promised = promised;
    entry.copied = false;
    this.#changed(register);
    if (before === null) this.#promisedOnly.delete(register);
    else if (!before.present) this.#tombstones.delete(register);
    if (!state.present) this.#tombstones.set(register, now);
  }

  /** A reply, and what is pushed to those who watch the register. */
  #pushing(
    register: RegisterId,
    reply: RegisterReply | undefined,
    entry: HeldRegister,
    now: number,
    heir?: Life,
  ): AcceptorOutput {
    const watchers = this.#watchers.of(register, now);
    const accepted = watchers.length === 0 ? null : entry.accepted;
    if (accepted === null) return { reply, pushes: NO_PUSHES };
    const { ballot, state, fast = false } = accepted;
    this.#watchers.written(register, ballot.life, heir);
    const told = { type: "learned", register, ballot, state, fast } as const;
    const pushed = heir === undefined ? told : { ...told, heir };
    return { reply, pushes: watchers.map((watcher) => ({ watcher, reply: pushed })) };
  }

  /** Refuses an `accept` below the promise: handles it like a `prepare` of its fallback that follows it. */
  #refuse(
    { register, ballot, fallback }: RegisterRequest & { type: "accept" },
    promised: Ballot,
    now: number,
  ): AcceptorOutput {
    // A `prepare` of a register that is not held might be refused for lack of room, which is no valid reply to
    // an `accept`. A second copy of an accepted request is no reason to promise more: the first copy may have
    // led to the promise of the next ballot.
    const entry = this.#entries.get(register);
    const took = entry?.accepted?.ballot;
    const isCopy = took !== undefined && compareBallots(took, ballot) === 0;
    if (fallback === null || entry === undefined || isCopy) return only({ type: "nack", promised });
    return this.#prepare({ register, ballot: { counter: fallback, life: ballot.life } }, now);
  }

  /** What it tells of the register with this entry. */
  #report(entry: AcceptorEntry | undefined, now: number): AcceptorReport {
    return reportOf(entry, this.#floor, (session) => this.#options.isStale(session, now));
  }

  #list(prefix: string, after: string, now: number): RegisterReply {
    const isStale = (session: SessionId) => this.#options.isStale(session, now);
    return listPiece(this.#index.after(prefix, after), this.#entries, isStale);
  }

  /** Forgets a tombstone that every member accepted: from now on the floor stands for it. */
  #forget(register: RegisterId, ballot: Ballot): void {
    const entry = this.#entries.get(register);
    if (entry === undefined || entry.accepted === null || entry.accepted.state.present) return;
    if (compareBallots(entry.accepted.ballot, ballot) !== 0) return;
    // A proposer is about to overwrite the tombstone, and the floor would refuse that. A proposer that reads
    // nothing then at exactly its own ballot could not tell this from its own write that was chosen and
    // released. So the request is ignored, as if it had been lost.
    if (compareBallots(entry.promised, ballot) > 0) return;
    this.#drop(register, entry);
  }

  /** Drops entries with an old promise and no accepted state. */
  #dropOldPromises(now: number): void {
    this.#room.tidy(now);
    const old = this.#promisedOnly.takeOld(now);
    if (old.length === 0) return;
    for (const register of old) {
      const entry = this.#entries.get(register);
      if (entry !== undefined && entry.accepted === null) this.#drop(register, entry);
    }
  }

  /** Drops an entry; the floor then refuses late messages with old ballots. */
  #drop(register: RegisterId, entry: HeldRegister): void {
    this.#floor = Math.max(this.#floor, entry.promised.counter);
    assertInvariant(
      compareBallots(entry.promised, floorBallot(this.#floor)) <= 0,
      "the floor covers every promise that is forgotten",
    );
    this.#entries.delete(register);
    this.#changed(register);
    this.#tombstones.delete(register);
    this.#room.tally(register, entry.accepted?.state ?? null, undefined);
    this.#index.delete(register);
  }

  /** The promise for the register with this entry. */
  #promised(entry: AcceptorEntry | undefined): Ballot {
    return entry?.promised ?? floorBallot(this.#floor);
  }

  #create(register: RegisterId): HeldRegister {
    const entry = new HeldRegister(floorBallot(this.#floor), null, false);
    this.#entries.set(register, entry);
    this.#room.tally(register, undefined, null);
    this.#index.add(register);
    if (this.#entries.size === 1) this.#listener(false);
    return entry;
  }
}

function only(reply: RegisterReply): AcceptorOutput {
  return { reply, pushes: NO_PUSHES };
}
