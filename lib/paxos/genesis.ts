import { counterBound, type LamportClock, type Life } from "./ballot.ts";
import type { Reading } from "./lease.ts";
import type {
  GenesisRecord,
  GenesisReply,
  GenesisRequest,
  Header,
  Reply,
  Request,
} from "./messages.ts";

/** Where a member stands. */
export type MemberState = "blank" | "recovering" | "operational";

/** Something that the node has to act on. */
export type GenesisEvent =
  /** It votes from now on, under `record`. */
  | { readonly type: "operational"; readonly record: GenesisRecord }
  /** The cluster lives under `record`, which does not know this life: its memory is gone. */
  | { readonly type: "recover"; readonly record: GenesisRecord }
  /**
   * It has to take a new life before it can answer: the present one has answered another leader. Call
   * `relive` with it.
   */
  | { readonly type: "relive" }
  /** Another process has taken its place. */
  | { readonly type: "replaced" }
  /** Somebody lists other members, or the same in another order. */
  | {
    readonly type: "membersMismatch";
    readonly node: string;
    readonly members: readonly string[];
  };

/** An answer, and what it means for the one who gives it. */
export interface GenesisAnswer {
  /** What to answer; `undefined`: nothing. */
  readonly reply?: GenesisReply;
  /** What it means for the node itself. */
  readonly event?: GenesisEvent;
  /** Whether every answer that this member's recovery has got so far is void: it may be from before. */
  readonly voids?: boolean;
}

/** A question, and whom it goes to. */
export interface Outgoing {
  /** Who is asked. */
  readonly to: string;
  /** What is asked. */
  readonly request: Request;
}

/** What it works with. */
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
  /** The longest time to live of any session, in milliseconds, should this member lead. */
  readonly maxTtl: number;
  /** Whether the cluster has clients, should this member lead. */
  readonly clients: boolean;
  /** The floor of the genesis that the node lived under before, if it did. */
  readonly floor?: number;
}

/** One round of the leader: a question, and who answered that it is blank. */
interface Round {
  readonly round: 1 | 2;
  readonly number: number;
  /** In round 2 the number of round 1, to which an answer may come late; else `null`. */
  readonly first: number | null;
  readonly answers: Map<string, { life: Life; wall: number; clock: number }>;
  /** The lives of round 1, which round 2 has to find again. */
  readonly lives: ReadonlyMap<string, Life> | null;
  /** How often it was asked. */
  asked: number;
}

/** A clock that runs far ahead must not use up the counters: this one stands at the year 2103. */
const HIGHEST_FLOOR = 2 ** 52 - 2 ** 48;

/** So often a round is asked before the leader begins anew with round 1. */
const ASKED_PER_ROUND = 5;

/**
 * How a cluster starts: once, and only when all members are blank at one instant. The first member
 * makes a record of it after two rounds of questions (all that answer the second one were blank when
 * it began, since they still live the lives of the first); everybody else pulls the record.
 */
export class Genesis {
  readonly #options: GenesisOptions;
  #state: MemberState = "blank";
  #record: GenesisRecord | null = null;
  /** The number of the latest question for the record; only answers to this one count. */
  #pull: number | null = null;
  #round: Round | null = null;
  /** The latest life of `members[0]` whose second-round question came. */
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

  /** The record that it lives under, or recovers under. */
  get record(): GenesisRecord | null {
    return this.#record;
  }

  /** It has another life from now on: an answer showed that the present one is not the latest. */
  relive(life: Life): void {
    this.#life = life;
    this.#answered = "";
    this.#round = null;
    this.#pull = null;
  }

  /** It has its memory back, and votes from now on. */
  recovered(): void {
    if (this.#state !== "recovering") throw new Error("only who recovers can have recovered");
    this.#state = "operational";
    this.#round = null;
    this.#pull = null;
  }

  /** The next questions, until it is operational; to be called now and then. */
  tick(at: Reading): { ask: Outgoing[]; event?: GenesisEvent } {
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
    // A cluster of one has begun, and has nothing to ask.
    if (event !== undefined) return { ask: [], event };
    return { ask: [...ask, ...this.#askRound()] };
  }

  /** Answers a question. */
  answer(from: string, header: Header, request: GenesisRequest, at: Reading): GenesisAnswer {
    const { self, members } = this.#options;
    if (!sameMembers(request.members, members)) {
      const event = this.#state === "operational" || !members.includes(from)
        ? undefined
        : { type: "membersMismatch", node: from, members: request.members } as const;
      return { reply: { type: "membersMismatch", members }, event };
    }
    // What helps others to come back is not about genesis.
    if (request.type !== "enquire") return {};
    if (this.#state === "operational") {
      return { reply: { type: "record", members, record: this.#record! } };
    }
    const recovering = this.#state === "recovering";
    if (from === self) {
      // A later process under this id needs the place, and this one has nothing that would be lost. One that
      // votes was there before, whatever its clock says: this one takes a life above it as it comes back.
      const isLater = header.life > this.#life && header.incarnation === null;
      if (isLater) return { event: { type: "replaced" } };
      return { reply: { type: "blank", members, wall: at.wall, recovering } };
    }
    // Whatever it asks: a later process has its place.
    if (from === members[0] && header.life < this.#leader) return { reply: { type: "replaced" } };
    if (request.purpose === "genesis" && from === members[0]) {
      if (request.round === 2) {
        this.#leader = header.life;
        // One life is named by the record of one leader at most. Were it to answer a second one too,
        // two records could both find a majority: the first one with who has restarted since.
        if (this.#answered !== "" && this.#answered !== header.life) {
          return { event: { type: "relive" } };
        }
        this.#answered = header.life;
      }
    }
    // A record, or a copy, that was made before this answer may be one that is about to be replaced.
    const voids = request.purpose !== "record" && request.round === 2;
    if (voids) this.#pull = null;
    return { reply: { type: "blank", members, wall: at.wall, recovering }, voids };
  }

  /** Takes an answer to one of its questions. */
  receive(from: string, header: Header, reply: Reply, at: Reading): {
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
        // Some process still remembers, be it an older one of a member that is blank: no genesis yet.
        if (isFresh || this.#isOfRound(reply.id)) this.#round = null;
        return { ask: [], event: isFresh ? this.#follow(reply.record) : undefined };
      }
      case "blank": {
        const round = this.#round;
        if (reply.id !== round?.number || !sameMembers(reply.members, members)) return { ask: [] };
        // Another process under its own id does not count beside it.
        if (from === self) return { ask: [] };
        round.answers.set(from, { life: header.life, wall: reply.wall, clock: header.clock });
        const event = this.#advance(at);
        // A second round that has just begun is asked at once.
        return { ask: this.#round === round ? [] : this.#askRound(), event };
      }
    }
    return { ask: [] };
  }

  /** Somebody lives under `record`. */
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
    this.#state = "operational";
    this.#record = record;
    this.#round = null;
    this.#pull = null;
    return { type: "operational", record };
  }

  /** Goes on to the second round, or makes the record, when everybody has answered. */
  #advance(at: Reading): GenesisEvent | undefined {
    const { self, members, clock, maxTtl, clients } = this.#options;
    const life = this.#life;
    const round = this.#round;
    if (round === null) return undefined;
    round.answers.set(self, { life, wall: at.wall, clock: clock.counter });
    if (members.some((member) => !round.answers.has(member))) return undefined;
    const lives = members.map((member) => round.answers.get(member)!.life);
    if (round.lives === null) {
      this.#begin(2, new Map(members.map((member, index) => [member, lives[index]])));
      // A cluster of one has nobody else to ask.
      return members.length === 1 ? this.#advance(at) : undefined;
    }
    if (members.some((member, index) => round.lives!.get(member) !== lives[index])) {
      this.#begin(1, null);
      return undefined;
    }
    // A clock that is out of bounds would leave no counters to the new genesis.
    const bound = counterBound(
      Math.max(this.#options.floor ?? 0, this.#record?.floor ?? 0),
      at.wall,
    );
    let floor = 0;
    for (const answer of round.answers.values()) {
      const wall = Math.min(Math.max(0, Math.floor(answer.wall * 1000)), HIGHEST_FLOOR);
      floor = Math.max(floor, wall, Math.min(answer.clock, bound));
    }
    // A life makes one record only, so its name serves as that of the record.
    return this.#adopt({ id: life, lives, floor, maxTtl, clients });
  }

  #begin(round: 1 | 2, lives: ReadonlyMap<string, Life> | null): void {
    const number = this.#options.nextId();
    const first = round === 2 ? this.#round!.number : null;
    this.#round = { round, number, first, answers: new Map(), lives, asked: 0 };
  }

  #isOfRound(id: number): boolean {
    return this.#round !== null && (id === this.#round.number || id === this.#round.first);
  }

  /** The question of the running round, for those that have not answered it. */
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

  /** To all members: what goes to this one's own id, other processes under it may hear. */
  #toAll(id: number, question: GenesisRequest): Outgoing[] {
    return this.#options.members.map((to) => ({ to, request: { id, ...question } }));
  }
}

/** Whether both list the same members in the same order: the order decides who leads. */
export function sameMembers(a: readonly string[], b: readonly string[]): boolean {
  return a.length === b.length && a.every((member, index) => member === b[index]);
}
