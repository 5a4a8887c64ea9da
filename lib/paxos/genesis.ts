import { counterBound, type LamportClock, type Life } from "./ballot.ts";
import { assertInvariant } from "./invariant.ts";
import type { ClockReading } from "./lease.ts";
import type {
  GenesisRecord,
  GenesisReply,
  GenesisRequest,
  Header,
  Reply,
  Request,
} from "./messages.ts";

/** The state of a member. */
export type MemberState = "blank" | "recovering" | "operational";

/** An event that the node has to act on. */
export type GenesisEvent =
  /** The member votes from now on, under `record`. */
  | { readonly type: "operational"; readonly record: GenesisRecord }
  /** The cluster lives under `record`, which does not name this life: this member's memory is gone. */
  | { readonly type: "recover"; readonly record: GenesisRecord }
  /**
   * The member has to take a new life before it can answer: the present one has answered another leader. Call
   * `changeLife` with the new one.
   */
  | { readonly type: "changeLife" }
  /** Another process has taken its place. */
  | { readonly type: "replaced" }
  /** Another node lists other members, or the same in another order. */
  | {
    readonly type: "membersMismatch";
    readonly node: string;
    readonly members: readonly string[];
  };

/** An answer, and its consequences for the node that gives it. */
export interface GenesisAnswer {
  /** The reply; `undefined`: none. */
  readonly reply?: GenesisReply;
  /** The event for the node itself. */
  readonly event?: GenesisEvent;
  /** Whether all answers to this member's recovery so far are void: they may be from before. */
  readonly voids?: boolean;
}

/** A question, and the member that it goes to. */
export interface Outgoing {
  /** The member that is asked. */
  readonly to: string;
  /** The question. */
  readonly request: Request;
}

/** The options of {@linkcode Genesis}. */
export interface GenesisOptions {
  /** This member's id, one of `members`. */
  readonly self: string;
  /** The ids of the members, in order. */
  readonly members: readonly string[];
  /** The life of the node. */
  readonly life: Life;
  /** The Lamport clock of the node. */
  readonly clock: LamportClock;
  /** Gives a number that this life has never used. */
  readonly nextId: () => number;
  /** The longest time to live of any session, in milliseconds, if this member leads. */
  readonly maxTtl: number;
  /** Whether the cluster has clients, if this member leads. */
  readonly clients: boolean;
  /** The floor of the genesis that the node lived under before, if any. */
  readonly floor?: number;
}

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
  #state: MemberState = "blank";
  #record: GenesisRecord | null = null;
  /** The number of the latest question for the record; only its answers count. */
  #pull: number | null = null;
  #round: Round | null = null;
  /** The latest life of `members[0]` whose second-round question arrived. */
  #leader: Life = "";
  /** The life of `members[0]` whose second-round question this life has answered. */
  #answered: Life = "";
  #life: Life;

  /** A member that knows nothing. */
  constructor(options: GenesisOptions) {
    this.#options = options;
    this.#life = options.life;
  }

  /** Whether this member votes. */
  get state(): MemberState {
    return this.#state;
  }

  /** The record that this member lives or recovers under. */
  get record(): GenesisRecord | null {
    return this.#record;
  }

  /** Takes a new life, since an answer showed that the present one is not the latest. */
  changeLife(life: Life): void {
    this.#life = life;
    this.#answered = "";
    this.#round = null;
    this.#pull = null;
  }

  /** Its memory is recovered, and it votes from now on. */
  recovered(): void {
    assertInvariant(this.#state === "recovering", "only a member that recovers has recovered");
    this.#state = "operational";
    this.#round = null;
    this.#pull = null;
  }

  /** Returns the next questions, until the member is operational; to be called from time to time. */
  tick(at: ClockReading): { ask: Outgoing[]; event?: GenesisEvent } {
    if (this.#state === "operational") return { ask: [] };
    const { self, members, nextId } = this.#options;
    this.#pull = nextId();
    const ask = this.#toAll(this.#pull, {
      type: "enquire",
      members,
      purpose: "record",
      round: 1,
    });
    if (self !== members[0]) return { ask };
    if (this.#round === null || this.#round.asked >= ASKED_PER_ROUND) this.#begin(1, null);
    const event = this.#advance(at);
    // A cluster of one has started, and has nothing to ask.
    if (event !== undefined) return { ask: [], event };
    return { ask: [...ask, ...this.#askRound()] };
  }

  /** Answers a question. */
  answer(from: string, header: Header, request: GenesisRequest, at: ClockReading): GenesisAnswer {
    const { self, members } = this.#options;
    if (!sameMembers(request.members, members)) {
      const event = this.#state === "operational" || !members.includes(from)
        ? undefined
        : { type: "membersMismatch", node: from, members: request.members } as const;
      return { reply: { type: "membersMismatch", members }, event };
    }
    // The requests of recovery do not concern genesis.
    if (request.type !== "enquire") return {};
    if (this.#state === "operational") {
      assertInvariant(this.#record !== null, "a member votes under a record");
      return { reply: { type: "record", members, record: this.#record } };
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

  /** Takes an answer to one of its questions. */
  receive(from: string, header: Header, reply: Reply, at: ClockReading): {
    ask: Outgoing[];
    event?: GenesisEvent;
  } {
    if (this.#state === "operational") return { ask: [] };
    const { self, members } = this.#options;
    switch (reply.type) {
      case "membersMismatch":
        return { ask: [], event: { type: reply.type, node: from, members: reply.members } };
      case "replaced":
        return { ask: [], event: { type: "replaced" } };
      case "record": {
        if (!sameMembers(reply.members, members)) return { ask: [] };
        const isFresh = reply.id === this.#pull;
        // A process still remembers, possibly an older one of a blank member: no genesis yet.
        if (isFresh || this.#isOfRound(reply.id)) this.#round = null;
        return { ask: [], event: isFresh ? this.#follow(reply.record) : undefined };
      }
      case "blank": {
        const round = this.#round;
        if (reply.id !== round?.number || !sameMembers(reply.members, members)) return { ask: [] };
        // Another process under this member's own id is not counted.
        if (from === self) return { ask: [] };
        round.answers.set(from, { life: header.life, wall: reply.wall, clock: header.clock });
        const event = this.#advance(at);
        // Asks a second round that has just begun at once.
        return { ask: this.#round === round ? [] : this.#askRound(), event };
      }
    }
    return { ask: [] };
  }

  /** Follows `record`, under which another process lives. */
  #follow(record: GenesisRecord): GenesisEvent | undefined {
    const { self, members } = this.#options;
    const life = this.#life;
    const index = members.indexOf(self);
    if (record.lives.length !== members.length) return undefined;
    if (record.lives[index] === life) {
      const isLatest = self === members[0] || record.lives[0] === this.#leader;
      return isLatest ? this.#adopt(record) : undefined;
    }
    if (this.#record?.id === record.id) return undefined;
    this.#state = "recovering";
    this.#record = record;
    return { type: "recover", record };
  }

  #adopt(record: GenesisRecord): GenesisEvent {
    assertInvariant(this.#state !== "operational", "a member that votes adopts no other record");
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

/** Whether both list the same members in the same order; the order decides which member leads. */
export function sameMembers(a: readonly string[], b: readonly string[]): boolean {
  return a.length === b.length && a.every((member, index) => member === b[index]);
}
