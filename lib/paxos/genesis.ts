import { counterBound, type Life } from "./ballot.ts";
import { firstConfiguration, lifeIn, voicesOf, votersOf } from "./configuration.ts";
import type { Configuration } from "./configuration.ts";
import type {
  GenesisAnswer,
  GenesisEvent,
  GenesisOptions,
  MemberState,
  Outgoing,
  PlacedState,
} from "./genesis_types.ts";
import { assertInvariant } from "./invariant.ts";
import type { ClockReading } from "./lease.ts";
import type { GenesisRecord, GenesisReply, GenesisRequest, Header, Reply } from "./messages.ts";
import { ToldRecords } from "./told_records.ts";
import { Witnesses } from "./witnesses.ts";

export type { GenesisAnswer, GenesisEvent, GenesisOptions, MemberState, Outgoing, PlacedState };

/** One round of the leader: a question, and the members that answered that they are blank. */
interface Round {
  readonly round: 1 | 2;
  readonly number: number;
  /** In round 2 the number of round 1, to which a late answer may come; otherwise `null`. */
  readonly first: number | null;
  readonly answers: Map<string, { life: Life; wall: number; clock: number }>;
  /** The lives of round 1, which round 2 has to find unchanged. */
  readonly lives: ReadonlyMap<string, Life> | null;
  /** The number of times it was asked. */
  asked: number;
}

/** The number of an answer that was not asked for: it only says that there is a cluster. */
export const UNASKED = 0;

/**
 * Highest floor, so that a clock that is far ahead cannot use up the counters: it corresponds to the year 2103.
 */
const HIGHEST_FLOOR = 2 ** 52 - 2 ** 48;

/** Number of times that a round is asked before the leader begins again with round 1. */
const ASKED_PER_ROUND = 5;

/**
 * How a cluster starts: once, and only when all members are blank at one instant. The first member makes the
 * record after two rounds of questions. All members that answer the second round were blank when it began,
 * since they still live the lives of the first. All other members pull the record.
 */
export class Genesis {
  readonly #options: GenesisOptions;
  #state: PlacedState = "blank";
  #record: GenesisRecord | null = null;
  /** The number of the latest question for the record; only its answers count. */
  #pull: number | null = null;
  #round: Round | null = null;
  /** The latest life of `members[0]` whose second-round question arrived. */
  #leader: Life = "";
  /** The life of `members[0]` whose second-round question this life has answered. */
  #answered: Life = "";
  #life: Life;
  /** For a life from a disk: whether it may still adopt. */
  #witnesses: Witnesses | null = null;
  /** The configuration that it recovers under. */
  #recovers: Configuration | null = null;
  readonly #told = new ToldRecords();
  /** Whether it was a member, and was removed: then it goes on as a client. */
  #wasMember = false;

  /** A member that knows nothing. */
  constructor(options: GenesisOptions) {
    this.#options = options;
    this.#life = options.life;
    if (options.answered === undefined) return;
    this.#leader = this.#answered = options.answered;
    this.#witnesses = new Witnesses(options.self);
  }

  /** The life of `members[0]` whose second-round question this life has answered; `""`: none. */
  get answered(): Life {
    return this.#answered;
  }

  /**
   * Whether this member votes; `outside`: it knows a cluster that it is not in, and takes part in no genesis; `joins`: it
   * is being added to that cluster.
   */
  get state(): PlacedState {
    return this.#state;
  }

  /**
   * Whether it is outside, and was no member: it asks on whether another cluster has it as a member. It may have heard a
   * single process first, which has begun a cluster of its own.
   */
  get asksOn(): boolean {
    return this.#state === "outside" && !this.#wasMember;
  }

  /** The record that this member lives or recovers under. */
  get record(): GenesisRecord | null {
    return this.#record;
  }

  /** Takes a new life, since an answer showed that the present one is not the latest. */
  changeLife(life: Life): void {
    this.#life = life;
    this.#witnesses = null;
    this.#answered = "";
    this.#round = null;
    this.#pull = null;
  }

  /** Its disk is its memory, or it copied one over a complete disk: it votes under `record` from now on. */
  remembered(record: GenesisRecord): void {
    assertInvariant(this.#state === "blank", "a disk is taken instead of a genesis");
    this.#adopt(record);
  }

  /**
   * Under `record` and the newest configuration it is `operational`, a member with its memory; `recovering`, one without
   * it; `joins`, no member yet; or `outside`, no member. One that recovers leaves the cluster only if the others of
   * `configuration` have.
   */
  placed(
    state: Exclude<PlacedState, "blank">,
    record: GenesisRecord,
    configuration: Configuration | null = null,
  ): void {
    assertInvariant(
      state !== "operational" || this.#state !== "blank",
      "a blank member votes only under a record that it adopts",
    );
    if (state === "outside" && this.#state === "operational") this.#wasMember = true;
    this.#recovers = state === "recovering" ? configuration : null;
    this.#state = state;
    this.#record = record;
    this.#round = null;
    if (state !== "recovering") this.#pull = null;
  }

  /** Returns the next questions, until the member is operational; to be called from time to time. */
  tick(at: ClockReading): { ask: Outgoing[]; event?: GenesisEvent } {
    if (this.#knows && !this.asksOn) return { ask: [] };
    const { self, members, nextId, others } = this.#options;
    this.#pull = nextId();
    this.#witnesses?.clear();
    const pull = { type: "enquire", members, purpose: "record", round: 1 } as const;
    const ask = this.#toAll(this.#pull, pull);
    const more = others?.().filter((node) => !members.includes(node)) ?? [];
    for (const to of more) ask.push({ to, request: { id: this.#pull, ...pull } });
    if (self !== members[0] || this.asksOn) return { ask };
    if (this.#round === null || this.#round.asked >= ASKED_PER_ROUND) this.#begin(1, null);
    const event = this.#advance(at);
    // A cluster of one has started, and has nothing to ask.
    if (event !== undefined) return { ask: [], event };
    return { ask: [...ask, ...this.#askRound()] };
  }

  /** Answers a question. */
  answer(from: string, header: Header, request: GenesisRequest, at: ClockReading): GenesisAnswer {
    const { self, members } = this.#options;
    // The requests of recovery do not concern genesis.
    if (request.type !== "enquire") return {};
    if (this.#knows) {
      assertInvariant(this.#record !== null, "a member votes under a record");
      return { reply: { type: "record", members, record: this.#record } };
    }
    if (!sameMembers(request.members, members)) {
      // A node that knows a configuration follows it, not its own list.
      if (this.#state === "recovering") return {};
      const event = members.includes(from)
        ? { type: "membersMismatch", node: from, members: request.members } as const
        : undefined;
      return { reply: { type: "membersMismatch", members }, event };
    }
    const recovering = this.#state === "recovering";
    if (from === self) {
      // A later process under this id needs the place, and this one has no state to lose. A process that votes
      // was there before, even if its clock shows a later time: this one takes a life above it as it recovers.
      const isLater = header.life > this.#life && header.incarnation === null;
      if (isLater) return { event: { type: "replaced" } };
      return { reply: { type: "blank", members, wall: at.wall, recovering } };
    }
    // Applies to every question: a later process has the sender's place.
    if (from === members[0] && header.life < this.#leader) return { reply: { type: "replaced" } };
    if (request.purpose === "genesis" && from === members[0]) {
      if (request.round === 2) {
        this.#leader = header.life;
        // The record of at most one leader may name a life. If a life answered a second leader too, two records
        // could both find a majority: the first one with members that have restarted since.
        if (this.#answered !== "" && this.#answered !== header.life) {
          return { event: { type: "changeLife" } };
        }
        this.#answered = header.life;
      }
    }
    // A record, or a copy, that was made before this answer may belong to a genesis that is about to be
    // replaced.
    const voids = request.purpose !== "record" && request.round === 2;
    if (voids) this.#pull = null;
    return { reply: { type: "blank", members, wall: at.wall, recovering }, voids };
  }

  /**
   * A frame of a process that votes has arrived, under any record: a memory is left, so the running round
   * is void. That process may be so far behind that its answer would come after the end of the second round.
   */
  heardVote(): void {
    this.#round = null;
  }

  /** Takes an answer to one of its questions. */
  receive(from: string, header: Header, reply: Reply, at: ClockReading): {
    ask: Outgoing[];
    event?: GenesisEvent;
  } {
    if (this.#knows && !(this.asksOn && reply.type === "record")) return { ask: [] };
    const { self, members } = this.#options;
    switch (reply.type) {
      case "membersMismatch":
        if (this.#state === "recovering" || !members.includes(from)) return { ask: [] };
        return { ask: [], event: { type: reply.type, node: from, members: reply.members } };
      case "replaced":
        return { ask: [], event: { type: "replaced" } };
      case "stored":
      case "record": {
        const isFresh = reply.id === this.#pull;
        // A process still remembers, asked or not, possibly an older one of a blank member: no genesis yet.
        if (isFresh || this.#isOfRound(reply.id) || reply.id === UNASKED) this.#round = null;
        if (reply.type === "stored" && !sameMembers(reply.members, members)) return { ask: [] };
        return { ask: [], event: isFresh ? this.#follow(from, reply, header.vector) : undefined };
      }
      case "blank": {
        const round = this.#round;
        if (reply.id === this.#pull) {
          this.#told.tells(from, null);
          if (!reply.recovering) this.#witnesses?.isBlank(from, header.life);
          return { ask: [], event: this.#adoptNamed() };
        }
        if (reply.id !== round?.number || !sameMembers(reply.members, members)) return { ask: [] };
        // Another process under this member's own id is not counted, nor a node that is no member.
        if (from === self || !members.includes(from)) return { ask: [] };
        round.answers.set(from, { life: header.life, wall: reply.wall, clock: header.clock });
        const event = this.#advance(at);
        // Asks a second round that has just begun at once.
        return { ask: this.#round === round ? [] : this.#askRound(), event };
      }
    }
    return { ask: [] };
  }

  /** Whether it is more than a blank member: it answers with its record, and asks nothing. */
  get #knows(): boolean {
    return this.#state !== "blank" && this.#state !== "recovering";
  }

  /** Follows the record under which another process lives, or which it has on its disk. */
  #follow(
    from: string,
    reply: KnownRecord,
    ownVector: readonly Life[],
  ): GenesisEvent | undefined {
    const { self, members } = this.#options;
    const life = this.#life;
    const { record } = reply;
    const isLiving = reply.type === "record";
    const told = isLiving ? reply.configuration : undefined;
    if (told === undefined && record.lives.length !== reply.members.length) return undefined;
    const first = firstConfiguration(reply.members, record.lives);
    const present = isLiving ? told ?? first : { ...first, epoch: reply.epoch };
    const recovers = votersOf(present).includes(self) ? present : null;
    if (isLiving) this.#told.tells(from, recovers === null ? record.id : null);
    const vector = isLiving ? ownVector : reply.vector;
    // After a life from a disk there may have been later ones.
    const isOver = this.#witnesses !== null && vector[voicesOf(present).indexOf(self)] > life;
    // Only the configuration of a genesis names lives that were blank.
    if (present.epoch === 0 && lifeIn(present, self) === life && !isOver) {
      const isLatest = self === members[0] || record.lives[0] === this.#leader;
      if (!isLatest) return undefined;
      if (this.#witnesses === null) return this.#adopt(record);
      this.#witnesses.remembers(from, { record, members: reply.members, vector });
      return this.#adoptNamed();
    }
    // Only who votes can help.
    if (!isLiving) return undefined;
    if (!this.#goesTo(record.id, recovers)) return undefined;
    this.#state = recovers === null ? "outside" : "recovering";
    this.#recovers = recovers;
    this.#record = record;
    this.#round = null;
    const { incarnations = [] } = reply;
    return { type: "recover", record, configuration: present, incarnations };
  }

  /**
   * Whether it goes to this cluster, in which it recovers under `present`; `null`: it would be outside. A process
   * that has lost its memory may be alone in that: it takes no node away from a cluster that others still know.
   */
  #goesTo(id: string, present: Configuration | null): boolean {
    const own = this.#record?.id;
    if (own === undefined || own === id) return own === undefined;
    const left = (of: Configuration, id: string) => this.#told.isLeft(of, this.#options.self, id);
    if (present === null) return this.#recovers !== null && left(this.#recovers, own);
    return this.#state === "recovering" || !left(present, id);
  }

  /** Adopts the record that names a life from a disk, if that may be. */
  #adoptNamed(): GenesisEvent | undefined {
    const record = this.#witnesses?.allowed;
    return record && this.#adopt(record);
  }

  #adopt(record: GenesisRecord): GenesisEvent {
    assertInvariant(this.#state !== "operational", "a member that votes adopts no other record");
    this.#recovers = null;
    this.#state = "operational";
    this.#record = record;
    this.#round = null;
    this.#pull = null;
    return { type: "operational", record };
  }

  /** Goes on to the second round, or makes the record, once all members have answered. */
  #advance(at: ClockReading): GenesisEvent | undefined {
    const { self, members, clock, maxTtl, clients } = this.#options;
    const life = this.#life;
    const round = this.#round;
    if (round === null) return undefined;
    round.answers.set(self, { life, wall: at.wall, clock: clock.counter });
    if (members.some((member) => !round.answers.has(member))) return undefined;
    const lives = members.flatMap((member) => round.answers.get(member)?.life ?? []);
    assertInvariant(
      lives.length === members.length,
      "a round ends with the answers of all members",
    );
    const { lives: before } = round;
    if (before === null) {
      this.#begin(2, new Map(members.map((member, index) => [member, lives[index]])));
      // A cluster of one has no other member to ask.
      return members.length === 1 ? this.#advance(at) : undefined;
    }
    if (members.some((member, index) => before.get(member) !== lives[index])) {
      this.#begin(1, null);
      return undefined;
    }
    // A clock that is out of bounds would leave no counters for the new genesis.
    const bound = counterBound(
      Math.max(this.#options.floor ?? 0, this.#record?.floor ?? 0),
      at.wall,
    );
    let floor = 0;
    for (const answer of round.answers.values()) {
      const wall = Math.min(Math.max(0, Math.floor(answer.wall * 1000)), HIGHEST_FLOOR);
      floor = Math.max(floor, wall, Math.min(answer.clock, bound));
    }
    // A life makes only one record, so it serves as the id of the record.
    return this.#adopt({ id: life, lives, floor, maxTtl, clients });
  }

  #begin(round: 1 | 2, lives: ReadonlyMap<string, Life> | null): void {
    const number = this.#options.nextId();
    const first = round === 2 ? this.#round?.number ?? null : null;
    this.#round = { round, number, first, answers: new Map(), lives, asked: 0 };
  }

  #isOfRound(id: number): boolean {
    return this.#round !== null && (id === this.#round.number || id === this.#round.first);
  }

  /** The question of the running round, for the members that have not answered it. */
  #askRound(): Outgoing[] {
    const round = this.#round;
    if (round === null) return [];
    round.asked++;
    const { self, members } = this.#options;
    return this.#toAll(round.number, {
      type: "enquire",
      members,
      purpose: "genesis",
      round: round.round,
    }).filter(({ to }) => to === self || !round.answers.has(to));
  }

  /** A question to all members. The copy to this member's own id reaches other processes under it. */
  #toAll(id: number, question: GenesisRequest): Outgoing[] {
    return this.#options.members.map((to) => ({ to, request: { id, ...question } }));
  }
}

/** An answer with a record. */
type KnownRecord = GenesisReply & { readonly type: "record" | "stored" };

/** Whether both list the same members in the same order; the order decides which member leads. */
export function sameMembers(a: readonly string[], b: readonly string[]): boolean {
  return a.length === b.length && a.every((member, index) => member === b[index]);
}
