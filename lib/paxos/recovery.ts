import { compareBallots, floorBallot, type Life } from "./ballot.ts";
import type { Configuration, NamedLife } from "./configuration.ts";
import { helpersIn, isNewer, settles, voicesOf, votersOf, witnessesIn } from "./configuration.ts";
import type { Outgoing } from "./genesis.ts";
import { type Incarnations, type KnownIncarnations, noteAnnouncement } from "./incarnations.ts";
import { assertInvariant } from "./invariant.ts";
import type { GenesisReply, GenesisRequest, Header, RegisterCopy, Reply } from "./messages.ts";
import { type Sender, type Share, Tally } from "./quorum.ts";
import type { Recovered, RecoveryEvent, RecoveryOptions } from "./recovery_types.ts";
import { outranks } from "./reports.ts";
import type { RegisterId, SessionId } from "./register.ts";
import { CONFIGURATION, isConfiguration } from "./register.ts";
import type { Voter } from "./voter.ts";

export type { Recovered, RecoveryEvent, RecoveryOptions };

/** The complete state of one sender. */
interface MemberCopy {
  readonly registers: ReadonlyMap<RegisterId, RegisterCopy>;
  readonly fenced: readonly SessionId[];
  readonly ended: readonly SessionId[];
  readonly over: readonly Life[];
  readonly floor: number;
  readonly vector: readonly Life[];
  readonly former: KnownIncarnations;
  readonly wait: number;
}

/** What to ask, and what follows. */
interface Step {
  readonly ask: Outgoing[];
  readonly event?: RecoveryEvent;
}

const UNCOVERED: Step = { ask: [], event: { type: "uncovered" } };

/** The pieces of one sender's state received so far. */
interface Transfer {
  /** The number of the request for the next piece; only its reply is taken. */
  number: number;
  after: RegisterId;
  incarnation: Life | null;
  readonly registers: Map<RegisterId, RegisterCopy>;
}

/**
 * How a member recovers without its memory (Michael et al., *Recovering Shared Objects Without Stable Storage*,
 * section 4). It takes an incarnation above every earlier one and announces it, so that no answer of its
 * earlier lives counts together with one from a member that has heard the announcement. Then it copies what
 * enough of the other members hold: see {@linkcode helpersIn}. A node that joins does the same.
 */
export class Recovery {
  readonly #options: RecoveryOptions;
  /** The nodes whose answers count. */
  readonly #voices: readonly string[];
  #life: Life;
  /** The number of the question for incarnations; `null` once it is answered. */
  #question: number | null;
  #known: Tally<Life>;
  #announcement = 0;
  /** Whether a member has accepted that the configuration is settled; then the list before counts no more. */
  #isSwept = false;
  /** Whether its life may already be announced: by this recovery, or by the configuration that names it. */
  #announced: boolean;
  #transfers = new Map<string, Transfer>();
  #copies: Tally<MemberCopy>;

  /** Sends nothing before `tick`. */
  constructor(options: RecoveryOptions) {
    this.#options = options;
    this.#voices = voicesOf(options.configuration);
    this.#announced = options.configuration.joining?.id === options.self;
    this.#life = options.life;
    this.#question = options.nextId();
    this.#known = this.#tally();
    this.#copies = this.#tally();
  }

  /** Begins again with new numbers: every answer so far may be outdated. */
  restart(): void {
    this.#question = this.#options.nextId();
    this.#known = this.#tally();
    this.#copies = this.#tally();
    this.#transfers.clear();
  }

  /** Whether it waits for its turn; then `tick` is to be called often. */
  get isWaiting(): boolean {
    return this.#question === null && !this.#announced;
  }

  /** Whether it is of use to hear that a member has accepted that the configuration is settled. */
  get #maySettle(): boolean {
    const { settled, joining } = this.#options.configuration;
    return !settled && joining === null && !this.#isSwept;
  }

  /** Returns what to ask now, and again after a while. */
  tick(): Outgoing[] {
    const { self, configuration } = this.#options;
    const others = this.#voices.filter((member) => member !== self);
    if (this.#question !== null) {
      const id = this.#question;
      const members = votersOf(configuration);
      // Those that have answered may have accepted since that it is settled.
      return others.filter((member) => this.#maySettle || !this.#known.has(member))
        .map((to) => ({ to, request: { id, type: "incarnation", members } }));
    }
    // A life that was announced once is announced again after a restart of this recovery.
    if (!this.#announced && !this.#options.isItsTurn()) return [];
    this.#announced = true;
    return others.filter((member) => !this.#copies.has(member)).map((to) => this.#ask(to));
  }

  /** Takes an answer. */
  receive(
    from: string,
    header: Header,
    reply: Reply,
  ): { ask: Outgoing[]; event?: RecoveryEvent } {
    const { self, genesis, configuration } = this.#options;
    const { joining } = configuration;
    if (from === joining?.id && header.life > joining.life) {
      return this.#joinsAgain(joining, header, reply);
    }
    // A node that joins has no vote, and its life stands for its memory of this epoch.
    const isJoining = from === joining?.id && header.life === joining.life;
    const incarnation = isJoining ? header.life : header.incarnation;
    if (header.genesis !== genesis || incarnation === null || from === self) return { ask: [] };
    if (header.epoch !== configuration.epoch) return { ask: [] };
    if (!this.#voices.includes(from)) return { ask: [] };
    if (header.vector.length < configuration.members.length) return { ask: [] };
    const sender = { member: from, incarnation, vector: header.vector };
    if (reply.type === "known") return this.#incarnationKnown(sender, reply);
    if (reply.type === "piece") return this.#piece(sender, reply);
    return { ask: [] };
  }

  /** Step 1: the highest incarnation of this member that enough of the other members know. */
  #incarnationKnown(sender: Sender, reply: Reply & { type: "known" }): Step {
    if (reply.id !== this.#question) return { ask: [] };
    if ("settled" in reply && this.#maySettle) {
      this.#isSwept = true;
      this.restart();
      return { ask: this.tick() };
    }
    if (!this.#known.add(sender, reply.incarnation)) return { ask: [] };
    let highest: Life = "";
    for (const life of this.#known.replies) if (life > highest) highest = life;
    this.#question = null;
    this.#announcement = this.#options.nextId();
    // Its own announcement from before a restart of this recovery is no reason for another life.
    if (highest < this.#life || (highest === this.#life && this.#announced)) {
      return { ask: this.tick() };
    }
    // The clock went back: a life that is not above every earlier one could be mistaken for an earlier one.
    this.#life = this.#options.lifeAfter(highest);
    // The questions have to leave under the new life.
    return { ask: [], event: { type: "changeLife", life: this.#life } };
  }

  /** Step 2: pieces of the other members' state, each read after its sender noted the announcement. */
  #piece(sender: Sender, reply: Reply & { type: "piece" }): Step {
    const { self } = this.#options;
    const transfer = this.#transfers.get(sender.member);
    if (this.#question !== null || transfer?.number !== reply.id) return { ask: [] };
    if (reply.announcement !== this.#announcement) return { ask: [] };
    if (sender.vector[this.#voices.indexOf(self)] > this.#life) {
      return { ask: [], event: { type: "replaced" } };
    }
    if (transfer.incarnation !== null && transfer.incarnation !== sender.incarnation) {
      // Pieces from two incarnations do not make one copy.
      this.#transfers.delete(sender.member);
      return { ask: [this.#ask(sender.member)] };
    }
    transfer.incarnation = sender.incarnation;
    for (const copy of reply.registers) {
      transfer.registers.set(copy.register, copy);
      transfer.after = copy.register;
    }
    transfer.number = this.#options.nextId();
    if (reply.last === null) return { ask: [this.#ask(sender.member)] };
    this.#transfers.delete(sender.member);
    const { vector } = reply.last;
    const copy = { registers: transfer.registers, ...reply.last };
    // The vector of the last piece counts.
    if (!this.#copies.add({ ...sender, vector }, copy)) return { ask: [] };
    const memory = this.#merge();
    if (!this.#isCovered(memory)) {
      // Another node may remember more than its own disk, which may be an older one.
      if (this.#witnesses(memory)!.of.length > 0) return { ask: [] };
      return UNCOVERED;
    }
    return { ask: [], event: { type: "recovered", memory } };
  }

  /**
   * The node that joins has started again. From its disk, it answers as if it went on. One that has lost what it copied
   * tells what it knows: then no other one has a bad disk.
   */
  #joinsAgain({ id: member, life: incarnation }: NamedLife, header: Header, reply: Reply): Step {
    const { genesis, configuration: { epoch } } = this.#options;
    if (reply.type === "piece" && reply.last !== null && header.genesis === null) {
      return this.#piece({ member, incarnation, vector: reply.last.vector }, reply);
    }
    const isLost = reply.type === "record" && header.genesis === genesis && header.epoch === epoch;
    // That the copies are not enough shows once there are enough of them.
    return isLost && this.#copies.reached ? UNCOVERED : { ask: [] };
  }

  /**
   * Whether no later configuration can be in use that remembers more than these copies. Its quorums share a member with
   * those of this one, but that may be this very member, whose memory is gone: of two members, one of which and a third
   * node may already have decided without the other one. A configuration that was chosen shows in the copies.
   */
  #isCovered(memory: Recovered): boolean {
    const witnesses = this.#witnesses(memory);
    if (witnesses === null) return true;
    return witnesses.of.filter((id) => this.#copies.has(id)).length >= witnesses.needed;
  }

  /** The nodes of a later list that may have been chosen of which a share has to have noted its crash; `null`: none has to. */
  #witnesses(memory: Recovered): Share | null {
    const { self, configuration, readConfiguration } = this.#options;
    const accepted = memory.registers.find(({ register }) => isConfiguration(register))?.accepted;
    const next = accepted ? readConfiguration(accepted.state) : null;
    return next !== null && isNewer(next, configuration) ? witnessesIn(next, self) : null;
  }

  /** Step 3: merges the copies, with the highest of each entry. */
  #merge(): Recovered {
    const { self } = this.#options;
    assertInvariant(this.#copies.reached, "a member comes back with the copies of a quorum");
    const copies = this.#copies.replies;
    const known = this.#voices.map((id, index) => {
      const highest = copies.reduce(
        (high, { vector }) => vector[index] > high ? vector[index] : high,
        "",
      );
      return [id, id === self ? this.#life : highest] as const;
    });
    return {
      incarnation: this.#life,
      registers: mergeRegisters(copies),
      floor: Math.max(...copies.map((copy) => copy.floor)),
      fenced: [...new Set(copies.flatMap((copy) => copy.fenced))],
      ended: [...new Set(copies.flatMap((copy) => copy.ended))],
      over: [...new Set(copies.flatMap((copy) => copy.over))],
      known: [...known, ...copies.flatMap((copy) => copy.former)],
      wait: Math.max(...copies.map((copy) => copy.wait)),
    };
  }

  #ask(to: string): Outgoing {
    const { configuration, nextId } = this.#options;
    let transfer = this.#transfers.get(to);
    if (transfer === undefined) {
      transfer = { number: nextId(), after: "", incarnation: null, registers: new Map() };
      this.#transfers.set(to, transfer);
    }
    const request = {
      id: transfer.number,
      type: "transfer",
      members: votersOf(configuration),
      announcement: this.#announcement,
      incarnation: this.#life,
      after: transfer.after,
    } as const;
    return { to, request };
  }

  #tally<T>(): Tally<T> {
    const shares = helpersIn(this.#options.configuration, this.#options.self);
    return new Tally<T>(this.#voices, this.#isSwept ? shares.slice(0, 1) : shares);
  }
}

function mergeRegisters(copies: readonly MemberCopy[]): RegisterCopy[] {
  const merged = new Map<RegisterId, RegisterCopy>();
  for (const { registers } of copies) {
    for (const [register, copy] of registers) {
      const known = merged.get(register);
      if (known === undefined) {
        merged.set(register, copy);
        continue;
      }
      const promised = higher(known.promised, copy.promised);
      const takes = copy.accepted !== null &&
        (known.accepted === null || outranks(copy.accepted, known.accepted));
      const accepted = takes ? copy.accepted : known.accepted;
      merged.set(register, { register, promised, accepted });
    }
  }
  for (const { registers, floor } of copies) {
    for (const [register, copy] of merged) {
      // A sender that does not hold a register has promised it up to its floor.
      if (registers.has(register)) continue;
      const promised = higher(copy.promised, floorBallot(floor));
      if (promised !== copy.promised) merged.set(register, { ...copy, promised });
    }
  }
  return [...merged.values()];
}

function higher(a: RegisterCopy["promised"], b: RegisterCopy["promised"]) {
  return compareBallots(a, b) >= 0 ? a : b;
}

/** What a node needs to help a member that recovers, or a node that joins. */
export interface Helper {
  /** Its memory; `null`: it joins, and only notes who crashed. */
  readonly voter: Voter | null;
  /** Its configuration. */
  readonly configuration: Configuration;
  /** The incarnations that it knows. */
  readonly incarnations: Incarnations;
}

/** Whether a member has accepted that its configuration is settled, and does not know that. */
export function hasSettled(
  voter: Voter | null,
  configuration: Configuration,
  readConfiguration: RecoveryOptions["readConfiguration"],
): boolean {
  const accepted = voter?.acceptor.stored(CONFIGURATION)?.accepted?.state;
  if (configuration.settled || accepted === undefined) return false;
  return settles(readConfiguration(accepted), configuration);
}

/** Answers a request of recovery; `undefined`: no answer. */
export function help(
  { voter, configuration, incarnations }: Helper,
  from: string,
  header: Header,
  request: GenesisRequest,
  now: number,
  readConfiguration: RecoveryOptions["readConfiguration"],
): GenesisReply | undefined {
  const { joining, epoch } = configuration;
  if (header.epoch !== epoch) return undefined;
  if (!votersOf(configuration).includes(from) && from !== joining?.id) return undefined;
  if (request.type === "incarnation") {
    const known = { type: "known", incarnation: incarnations.of(from) } as const;
    return hasSettled(voter, configuration, readConfiguration)
      ? { ...known, settled: true }
      : known;
  }
  if (request.type === "announce") return noteAnnouncement(incarnations, from, header, request);
  if (request.type !== "transfer" || request.incarnation !== header.life) return undefined;
  // First, so that every later vote of this member carries the crash; its earlier votes are in the copy.
  incarnations.raise(from, request.incarnation);
  assertInvariant(
    incarnations.of(from) >= request.incarnation,
    "an announcement is noted before anything is copied for it",
  );
  const { registers, more } = voter?.acceptor.copy(request.after) ?? { registers: [], more: false };
  const last = more ? null : {
    fenced: voter?.sessions.fenced() ?? [],
    floor: voter?.acceptor.floor ?? 0,
    ended: voter?.sessions.ended() ?? [],
    over: voter?.sessions.endedLives() ?? [],
    vector: incarnations.entries,
    former: incarnations.rest,
    wait: voter?.sessions.wait(now) ?? 0,
  };
  return { type: "piece", announcement: request.announcement, registers, last } as const;
}
