import { assertEquals } from "@std/assert";
import type { Header, RegisterRequest, Reply, Request } from "../../../lib/paxos/messages.ts";
import { type Configuration, firstConfiguration } from "../../../lib/paxos/configuration.ts";
import { Incarnations } from "../../../lib/paxos/incarnations.ts";
import { help, type Recovered, Recovery, type RecoveryEvent } from "../../../lib/paxos/recovery.ts";
import { Voter } from "../../../lib/paxos/voter.ts";

interface Member {
  voter: Voter;
  vector: Incarnations;
}

/** A reply in transit. */
interface Answer {
  readonly header: Header;
  readonly reply: Reply;
}

/**
 * Members that vote, and one that recovers without its memory; a test delivers the messages. `trace` shows what
 * happened: `a>b transfer "" of 2` is a request of a for the first piece after the announcement of incarnation
 * 2, `b>a piece k1 k2 last` the reply that reaches a, and `a!` the event that follows.
 */
export class Comeback {
  readonly members: readonly string[];
  readonly trace: string[] = [];
  readonly recovery: Recovery;
  /** The vector of the recovered member, in the order of the members. */
  get known(): readonly string[] {
    return this.memory?.known.map(([, life]) => life) ?? [];
  }

  /** The memory of the recovered member. */
  memory: Recovered | undefined;
  now = 0;
  /** The configuration that every state of its register holds. */
  next: Configuration | null = null;
  readonly configuration: Configuration;
  /** Whether it may announce its life. */
  isItsTurn = true;
  readonly #self: string;
  readonly #state = new Map<string, Member>();
  readonly #questions = new Map<string, Request>();
  readonly #answers = new Map<string, Answer[]>();
  #life: string;
  #numbers = 0;

  /**
   * `self` recovers as `life`; all members were in their first incarnation until now. `configuration`: that of all of
   * them; the first one by default.
   */
  constructor(
    self: string,
    life: string,
    members: readonly string[] = ["a", "b", "c"],
    configuration?: Configuration,
  ) {
    this.#self = self;
    this.#life = life;
    this.members = members;
    this.configuration = configuration ??
      firstConfiguration(members, members.map(() => "1"));
    for (const member of members) this.#begin(member, "1");
    this.recovery = new Recovery({
      self,
      configuration: this.configuration,
      life,
      genesis: "g",
      nextId: () => ++this.#numbers,
      lifeAfter: (other) => `${other}+`,
      isItsTurn: () => this.isItsTurn,
      readConfiguration: () => this.next,
    });
  }

  /** The voter of `member`. */
  voter(member: string): Voter {
    return this.#member(member).voter;
  }

  /** The crash vector of `member`. */
  vector(member: string): string {
    return this.#member(member).vector.entries.join(" ");
  }

  /** `member` notes an incarnation of another member. */
  raise(member: string, other: string, incarnation: string): this {
    this.#member(member).vector.raise(other, incarnation);
    return this;
  }

  /** A request about a register reaches `member`. */
  handle(member: string, request: RegisterRequest): this {
    const from = { node: "n", life: "n" };
    this.voter(member).handle({ id: 0, ...request }, from, this.now);
    return this;
  }

  /** `member` has lost its memory and come back empty, in another incarnation. */
  replace(member: string, incarnation: string): this {
    const { vector } = this.#member(member);
    this.#begin(member, incarnation);
    this.#member(member).vector.merge(vector.entries);
    return this.raise(member, member, incarnation);
  }

  /** Sends the questions that are due. */
  tick(): this {
    this.#sent(this.recovery.tick());
    return this;
  }

  /** Its latest request to each of `members` reaches them, and the replies reach it, one by one. */
  ask(...members: string[]): this {
    for (const member of members) this.send(member).hear(member);
    return this;
  }

  /** Its latest request to each of `members` reaches them; the replies are in transit. */
  send(...members: string[]): this {
    for (const member of members) {
      const request = this.#questions.get(member);
      if (request === undefined) throw new Error(`${member} is not asked`);
      this.trace.push(`${this.#self}>${member} ${showRequest(request)}`);
      const { voter, vector } = this.#member(member);
      const helper = {
        voter: this.configuration.joining?.id === member ? null : voter,
        configuration: this.configuration,
        incarnations: vector,
      };
      const asker = this.#header(this.#life, null, []);
      if (request.type !== "incarnation" && request.type !== "transfer") throw new Error("what?");
      const reply = help(helper, this.#self, asker, request, this.now, () => this.next);
      if (reply === undefined) continue;
      const { joining } = this.configuration;
      const incarnation = joining?.id === member ? null : voter.incarnation;
      const header = this.#header(voter.incarnation, incarnation, vector.entries);
      const answers = this.#answers.get(member) ?? [];
      this.#answers.set(member, [...answers, { header, reply: { id: request.id, ...reply } }]);
    }
    return this;
  }

  /** The oldest replies of `members` reach it. */
  hear(...members: string[]): this {
    for (const member of members) {
      const answer = this.#answers.get(member)?.shift();
      if (answer === undefined) throw new Error(`no answer of ${member} is on its way`);
      this.receive(member, answer.header, answer.reply);
    }
    return this;
  }

  /** The oldest replies of `members` are lost. */
  lose(...members: string[]): this {
    for (const member of members) this.#answers.get(member)?.shift();
    return this;
  }

  /** A reply reaches it. */
  receive(from: string, header: Header, reply: Reply): this {
    this.trace.push(`${from}>${this.#self} ${showReply(reply)}`);
    const { ask, event } = this.recovery.receive(from, header, reply);
    this.#sent(ask);
    this.#act(event);
    return this;
  }

  /** Fails unless the trace since the last time is this, apart from indentation and empty lines. */
  expect(transcript: string): void {
    const lines = transcript.split("\n").map((line) => line.trim()).filter((line) => line !== "");
    assertEquals(this.trace.splice(0), lines);
  }

  #begin(member: string, incarnation: string): void {
    const record = {
      id: "g",
      lives: this.members.map(() => "1"),
      floor: 0,
      maxTtl: 5_000,
      clients: false,
    };
    const vector = new Incarnations();
    vector.follow(this.configuration);
    const settings = { members: this.members, maxKeys: 100_000, maxBytes: Infinity };
    this.#state.set(member, { voter: new Voter(record, incarnation, settings), vector });
  }

  #member(member: string): Member {
    const state = this.#state.get(member);
    if (state === undefined) throw new Error(`there is no member ${member}`);
    return state;
  }

  #header(life: string, incarnation: string | null, vector: readonly string[]): Header {
    const { epoch } = this.configuration;
    return { life, clock: 0, genesis: "g", epoch, incarnation, vector };
  }

  #sent(ask: readonly { readonly to: string; readonly request: Request }[]): void {
    for (const { to, request } of ask) this.#questions.set(to, request);
  }

  #act(event: RecoveryEvent | undefined): void {
    switch (event?.type) {
      case "changeLife":
        this.trace.push(`${this.#self}! changeLife as ${event.life}`);
        this.#life = event.life;
        return;
      case "recovered":
        this.trace.push(`${this.#self}! recovered as ${event.memory.incarnation}`);
        this.memory = event.memory;
        return;
      case "replaced":
      case "uncovered":
        this.trace.push(`${this.#self}! ${event.type}`);
    }
  }
}

function showRequest(request: Request): string {
  return request.type === "transfer"
    ? `transfer "${request.after}" of ${request.incarnation}`
    : request.type;
}

function showReply(reply: Reply): string {
  if (reply.type === "known") {
    return `known ${reply.incarnation}${"settled" in reply ? ", and settled" : ""}`;
  }
  if (reply.type !== "piece") return reply.type;
  const registers = reply.registers.map(({ register }) => register);
  const shown = registers.length > 3 ? `${registers[0]}…${registers.at(-1)}` : registers.join(" ");
  return ["piece", shown || "-", reply.last === null ? "and more" : "last"].join(" ");
}
