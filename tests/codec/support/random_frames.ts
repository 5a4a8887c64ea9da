import type {
  Frame,
  Header,
  ListedRegister,
  PersonalReply,
  PersonalRequest,
  RegisterCopy,
  RelayPayload,
  Reply,
  Request,
} from "../../../lib/paxos/messages.ts";
import {
  type Ballot,
  compareBallots,
  floorBallot,
  type Life,
  makeLife,
  MAX_COUNTER,
  NO_BALLOT,
} from "../../../lib/paxos/ballot.ts";
import type { Configuration } from "../../../lib/paxos/configuration.ts";
import type { ConfigurationNews, KnownIncarnations } from "../../../lib/paxos/incarnations.ts";
import type {
  Accepted,
  Binding,
  Pid,
  Present,
  SessionId,
  State,
} from "../../../lib/paxos/register.ts";
import { registerId } from "../../../lib/codec.ts";
import type { Random } from "./random.ts";

type Without<T> = T extends unknown ? Omit<T, "id"> : never;

/**
 * Frames with every kind of message, every field at its edges now and then, and lives and sessions
 * that repeat as they do in real ones.
 */
export class RandomFrames {
  readonly #random: Random;
  readonly #lives: Life[];

  constructor(random: Random) {
    this.#random = random;
    this.#lives = Array.from({ length: 6 }, () => this.#newLife());
  }

  /** For each type of request, a request. */
  readonly requests: Readonly<Record<Request["type"], () => Without<Request>>> = {
    prepare: () => ({
      type: "prepare",
      register: this.register(),
      ballot: this.ballot(),
      ...this.#random.pick([{}, { reserve: true as const }, { sweep: true as const }]),
    }),
    accept: () => {
      const ballot = this.ballot();
      const fallback = ballot.counter + 1 + this.#random.below(9);
      return {
        type: "accept",
        register: this.register(),
        ballot,
        state: this.state(),
        next: this.flag(),
        fallback: this.flag() && fallback < MAX_COUNTER ? fallback : null,
        ...(this.flag() && { sweep: true }),
      };
    },
    fast: () => {
      const { accepted } = this.fast();
      return { type: "fast", register: this.register(), ...accepted };
    },
    chosen: () => ({ type: "chosen", register: this.register(), ballot: this.ballot() }),
    read: () => ({ type: "read", register: this.register() }),
    forget: () => ({ type: "forget", register: this.register(), ballot: this.ballot() }),
    watch: () => ({ type: "watch", register: this.register() }),
    unwatch: () => ({ type: "unwatch", register: this.register() }),
    list: () => ({
      type: "list",
      prefix: this.#random.pick(["k\xf6", "k\x61a", "l\x63\xc3\xa9b"]),
      after: this.#random.once(2) ? "" : this.register(),
    }),
    renew: () => ({
      type: "renew",
      session: this.session(),
      ttl: this.time(600_000),
      renewal: this.integer(),
      wall: this.time(8.64e15),
      hosts: this.#random.list(3, () => this.#random.pick(["counter", "é"])),
    }),
    fence: () => ({ type: "fence", session: this.session() }),
    look: () => ({ type: "look", session: this.session() }),
    over: () => ({ type: "over", life: this.life() }),
    watchLife: () => ({ type: "watchLife", life: this.life() }),
    end: () => ({ type: "end", session: this.session() }),
    hosts: () => ({ type: "hosts", spec: this.#random.pick(["counter", "é", "s".repeat(200)]) }),
    ask: () => ({ type: "ask", body: this.value() }),
    sessionOf: () => ({ type: "sessionOf", node: this.owner() }),
    enquire: () => ({
      type: "enquire",
      members: this.members(),
      purpose: this.#random.pick(["record", "genesis", "givingUp"]),
      round: this.#random.pick([1, 2]),
    }),
    incarnation: () => ({ type: "incarnation", members: this.members() }),
    transfer: () => ({
      type: "transfer",
      members: this.members(),
      announcement: this.integer(),
      incarnation: this.life(),
      after: this.#random.once(2) ? "" : this.register(),
    }),
    announce: () => ({ type: "announce", members: this.members(), incarnation: this.life() }),
    configure: () => ({ type: "configure", ...this.news() }),
    incarnationOf: () => ({ type: "incarnationOf", node: this.node() }),
    stand: () => ({ type: "stand", above: this.#random.once(3) ? "" : this.life() }),
    inventory: () => ({
      type: "inventory",
      after: this.#random.once(2) ? "" : this.register(),
    }),
    raiseFloor: () => ({ type: "raiseFloor", floor: this.counter() }),
    handover: () => ({
      type: "handover",
      op: this.operation(),
      pid: this.pid(),
      register: this.register(),
      value: this.value(),
      bindings: this.bindings(),
      timeout: this.time(600_000),
      since: this.counter(),
    }),
    order: () => ({
      type: "order",
      register: this.register(),
      term: this.counter(),
      session: this.session(),
      requests: Array.from({ length: this.#random.pick([1, 2, 5]) }, (_, place) => ({
        seq: this.integer(),
        request: 2 ** 20 * place + this.#random.pick([0, 7, 300]),
        ...this.#random.pick([
          { mode: "exclusive", permits: 0 } as const,
          { mode: "shared", permits: 0 } as const,
          { mode: "shared", permits: 3 } as const,
        ]),
        since: this.integer(),
        label: this.#random.pick(["", "import", "é".repeat(32)]),
      })),
    }),
    relay: () => ({ type: "relay", to: this.owner(), payload: this.load() }),
    relayed: () => ({
      type: "relayed",
      from: this.owner(),
      life: this.life(),
      payload: this.load(),
    }),
  };

  /** For each type of reply, a reply. */
  readonly replies: Readonly<Record<Reply["type"], () => Without<Reply>>> = {
    promise: () => ({
      type: "promise",
      ballot: this.ballot(),
      accepted: this.accepted(),
      copied: this.flag(),
      floor: this.counter(),
      stale: this.sessions(),
    }),
    nack: () => ({ type: "nack", promised: this.anyBallot() }),
    accepted: () => ({ type: "accepted", ballot: this.ballot() }),
    took: () => ({ type: "took", ballot: this.ballot(), over: this.counter() }),
    current: () => ({
      type: "current",
      promised: this.anyBallot(),
      accepted: this.accepted(),
      copied: this.flag(),
      floor: this.counter(),
      stale: this.sessions(),
    }),
    full: () => ({
      type: "full",
      tidying: this.flag(),
      missing: this.#random.list(3, () => this.node()),
    }),
    listed: () => ({
      type: "listed",
      registers: this.#random.list(4, () => this.listed()),
      more: this.flag(),
    }),
    watching: () => ({ type: "watching" }),
    learned: () => ({
      type: "learned",
      register: this.register(),
      ballot: this.ballot(),
      state: this.state(),
      fast: this.flag(),
    }),
    renewed: () => ({ type: "renewed", session: this.session(), renewal: this.integer() }),
    refused: () => ({ type: "refused", session: this.session() }),
    fenced: () => ({ type: "fenced", session: this.session() }),
    alive: () => ({ type: "alive", session: this.session(), remaining: this.time(600_001) }),
    newest: () =>
      this.#random.once(3)
        ? { type: "newest", session: null, remaining: this.time(600_001) }
        : { type: "newest", session: this.session(), remaining: this.time(600_001) },
    hosting: () => ({ type: "hosting", nodes: this.members() }),
    over: () => ({ type: "over", life: this.life() }),
    told: () => ({ type: "told", body: this.value() }),
    unordered: () => ({ type: "unordered", moved: this.flag() }),
    unreachable: () => ({ type: "unreachable", to: this.owner() }),
    blank: () => ({
      type: "blank",
      members: this.members(),
      wall: this.time(2e12),
      recovering: this.flag(),
    }),
    record: () => {
      const record = {
        id: this.genesis(),
        lives: this.#random.list(5, () => this.life()),
        floor: this.counter(),
        maxTtl: this.time(600_000),
        clients: this.flag(),
      };
      const reply = { type: "record", members: this.members(), record } as const;
      return this.flag() ? { ...reply, ...this.news() } : reply;
    },
    configured: () => ({ type: "configured", copied: this.flag() }),
    newerConfiguration: () => ({ type: "newerConfiguration", ...this.news() }),
    unknownEpoch: () => ({ type: "unknownEpoch" }),
    standing: () => ({ type: "standing" }),
    inventoried: () => ({
      type: "inventoried",
      registers: this.#random.list(4, () => this.register()),
      floor: this.#random.once(3) ? null : this.counter(),
    }),
    stored: () => ({
      type: "stored",
      members: this.members(),
      record: {
        id: this.genesis(),
        lives: this.#random.list(5, () => this.life()),
        floor: this.counter(),
        maxTtl: this.time(600_000),
        clients: this.flag(),
      },
      incarnation: this.life(),
      vector: this.vector(),
      epoch: this.integer(),
    }),
    raised: () => ({ type: "raised" }),
    replaced: () => ({ type: "replaced" }),
    membersMismatch: () => ({ type: "membersMismatch", members: this.members() }),
    notAMember: () => ({ type: "notAMember" }),
    known: () => ({
      ...{ type: "known", incarnation: this.#random.once(3) ? "" : this.life() },
      ...(this.#random.once(3) ? { settled: true } : {}),
    }),
    piece: () => ({
      type: "piece",
      announcement: this.integer(),
      registers: this.#random.list(4, () => this.copy()),
      last: this.#random.once(2) ? null : {
        fenced: this.sessions(),
        ended: this.sessions(),
        over: this.#random.list(5, () => this.life()),
        floor: this.counter(),
        vector: this.vector(),
        wait: this.time(600_001),
        former: this.incarnations(),
      },
    }),
    handed: () =>
      this.#random.once(2)
        ? {
          type: "handed",
          outcome: this.#random.pick(["written", "found"]),
          value: this.value(),
          token: this.counter(),
        }
        : { type: "handed", outcome: this.#random.pick(["invalid_value", "no_quorum", "full"]) },
  };

  frame(): Frame {
    const random = this.#random;
    return {
      header: this.header(),
      requests: random.list(3, () => this.request()),
      repliesTo: random.once(3) ? null : this.life(),
      replies: random.list(3, () => this.reply()),
    };
  }

  request(type = this.#random.pick(Object.keys(this.requests) as Request["type"][])): Request {
    return { id: this.integer(), ...this.requests[type]() } as Request;
  }

  reply(type = this.#random.pick(Object.keys(this.replies) as Reply["type"][])): Reply {
    return { id: this.integer(), ...this.replies[type]() } as Reply;
  }

  load(): RelayPayload {
    return this.#random.once(2)
      ? {
        repliesTo: null,
        message: this.request(this.#random.pick(["ask", "handover"])) as PersonalRequest,
      }
      : {
        repliesTo: this.life(),
        message: this.reply(this.#random.pick(["told", "handed"])) as PersonalReply,
      };
  }

  header(): Header {
    const random = this.#random;
    return {
      life: this.life(),
      clock: this.counter(),
      genesis: random.once(3) ? null : this.genesis(),
      epoch: random.pick([0, 1, 23, 2 ** 32, 2 ** 52 - 1, random.uint32()]),
      ...(random.once(3) && { unsettled: true }),
      incarnation: random.once(3) ? null : this.life(),
      vector: this.vector(),
    };
  }

  #newLife(): Life {
    const random = this.#random;
    return makeLife(random.uint32() * 400, () => random.uint32() / 2 ** 32);
  }

  life(): Life {
    return this.#random.once(10) ? this.#newLife() : this.#random.pick(this.#lives);
  }

  vector(): Life[] {
    return this.#random.list(5, () => this.#random.once(4) ? "" : this.life());
  }

  flag(): boolean {
    return this.#random.once(2);
  }

  integer(): number {
    return this.#random.pick([0, 1, 23, 24, 65_535, 2 ** 32, 2 ** 53 - 1, this.#random.uint32()]);
  }

  time(limit: number): number {
    const random = this.#random;
    return random.pick([0, limit, random.below(limit), random.below(limit) / 8]);
  }

  counter(): number {
    const random = this.#random;
    const counter = 1.7e15 + random.below(1000);
    return random.pick([0, 1, 2 ** 52 - 1, 2 ** 32, counter, counter, counter]);
  }

  genesis(): string {
    return this.#random.pick(["g", "!~", "x".repeat(64), this.life()]);
  }

  node(): string {
    return this.#random.pick(["w1", "w2", "w3", "A.b_c-9", "n".repeat(64)]);
  }

  members(): string[] {
    return this.#random.list(5, () => this.node());
  }

  incarnations(): KnownIncarnations {
    const id = () => this.#random.once(4) ? "" : this.node();
    return this.#random.list(4, () => [id(), this.life()] as const);
  }

  news(): ConfigurationNews {
    return { configuration: this.configuration(), incarnations: this.incarnations() };
  }

  configuration(): Configuration {
    const named = () => this.#random.once(2) ? null : { id: this.node(), life: this.life() };
    const member = () => ({ id: this.node(), life: this.life(), since: this.integer() });
    return {
      epoch: this.integer(),
      members: [member(), ...this.#random.list(4, member)],
      joining: named(),
      leaving: named(),
      settled: this.flag(),
    };
  }

  sequence(): number {
    return this.#random.pick([0, 1, 7, 24, 2 ** 32, 10 ** 15 - 1]);
  }

  session(): SessionId {
    return `${this.owner()}/${this.life()}/${this.sequence()}`;
  }

  sessions(): SessionId[] {
    return this.#random.list(3, () => this.session());
  }

  operation(): string {
    const author = this.#random.once(3) ? `~${this.node()}/${this.life()}` : this.life();
    return `${author}/${this.sequence()}`;
  }

  /** The name of a node or of a guest. */
  owner(): string {
    return this.#random.once(3) ? `~${this.node()}` : this.node();
  }

  pid(): Pid {
    const session = this.session();
    return { node: session.slice(0, session.indexOf("/")), session, seq: this.integer() };
  }

  register(): string {
    const random = this.#random;
    const bucket = random.pick([undefined, "", "jobs", "é"]);
    const key = random.pick(["orders/42", "", "é\ud800", 5, { a: [1, null] }, "x".repeat(300)]);
    return registerId(random.pick(["k", "l", "s", "c"]), bucket, key);
  }

  ballot(): Ballot {
    return { counter: this.counter() || 1, life: this.life() };
  }

  anyBallot(): Ballot {
    const random = this.#random;
    return random.once(3)
      ? random.pick([NO_BALLOT, floorBallot(0), floorBallot(this.counter())])
      : this.ballot();
  }

  value(): Uint8Array {
    return this.#random.bytes(this.#random.pick([0, 1, 23, 24, 300]));
  }

  bindings(): Binding[] {
    return this.#random.list(4, () =>
      this.#random.pick<() => Binding>([
        () => ({ kind: "pid", pid: this.pid() }),
        () => ({ kind: "node", session: this.session() }),
        () => ({ kind: "key", register: this.register(), token: this.counter() }),
        () => ({ kind: "until", time: this.#random.pick([0, 1.7e12, 0.5, -1, 1e300, Infinity]) }),
      ])());
  }

  state(): State {
    if (this.#random.once(3)) return { present: false, token: this.counter() };
    return {
      present: true,
      token: this.counter(),
      over: this.counter(),
      op: this.operation(),
      value: this.value(),
      bindings: this.bindings(),
      owners: this.sessions(),
    };
  }

  accepted(): Accepted | null {
    if (this.#random.once(4)) return { ...this.fast().accepted, fast: true };
    return this.#random.once(3) ? null : { ballot: this.ballot(), state: this.state() };
  }

  /** What was accepted in a fast round. */
  fast(): { readonly accepted: { readonly ballot: Ballot; readonly state: Present } } {
    const { life } = this.ballot();
    const counter = this.#random.pick([1, 2 ** 32, 2 ** 52 - 2, 1.7e15]);
    const state: Present = {
      ...{ present: true, token: counter, over: this.counter(), op: this.operation() },
      ...{ value: this.value(), bindings: this.bindings(), owners: this.sessions() },
    };
    return { accepted: { ballot: { counter, life }, state } };
  }

  listed(): ListedRegister {
    return {
      register: this.register(),
      ballot: this.anyBallot(),
      present: this.flag(),
      bound: this.flag(),
      copied: this.flag(),
      until: this.flag() ? this.time(8.64e15) : null,
      owners: this.integer(),
      stale: this.#random.list(3, () => this.session()),
      fast: this.flag(),
    };
  }

  copy(): RegisterCopy {
    const [register, accepted, any] = [this.register(), this.accepted(), this.anyBallot()];
    const isBelow = accepted !== null && compareBallots(any, accepted.ballot) < 0;
    return { register, promised: isBelow ? accepted.ballot : any, accepted };
  }
}
