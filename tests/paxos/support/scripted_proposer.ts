import { LamportClock } from "../../../lib/paxos/ballot.ts";
import type { RegisterReply, RegisterRequest } from "../../../lib/paxos/messages.ts";
import type { Chosen, RegisterChange } from "../../../lib/paxos/change.ts";
import {
  type KeptPromise,
  Proposer,
  type ProposerOptions,
  type Step,
} from "../../../lib/paxos/proposer.ts";
import type { Sender } from "../../../lib/paxos/quorum.ts";
import { REGISTER } from "./changes.ts";
import type { Cluster } from "./acceptors.ts";
import { showReply, showRequest, showStep } from "./notation.ts";

/** A reply in transit. */
interface InFlight {
  readonly request: RegisterRequest;
  readonly sender: Sender;
  readonly reply: RegisterReply | undefined;
}

/** A proposer whose messages a test delivers. */
export class ScriptedProposer<R> {
  readonly proposer: Proposer<R>;
  readonly clock: LamportClock;
  readonly #cluster: Cluster;
  readonly #life: string;
  readonly #inFlight = new Map<string, InFlight[]>();
  #request: RegisterRequest | undefined;
  #chosen: Chosen<R> | undefined;
  #last = "";

  constructor(
    cluster: Cluster,
    life: string,
    change: RegisterChange<R>,
    options: Partial<ProposerOptions<R>>,
  ) {
    this.#cluster = cluster;
    this.#life = life;
    this.clock = options.clock ?? new LamportClock();
    this.proposer = new Proposer({
      register: REGISTER,
      members: cluster.members,
      clock: this.clock,
      life,
      change,
      ...options,
    });
  }

  /** Its latest step, other than sending. */
  get last(): string {
    return this.#last;
  }

  /** What was chosen; throws before that. */
  get chosen(): Chosen<R> {
    if (this.#chosen === undefined) throw new Error(`${this.#life} is not done`);
    return this.#chosen;
  }

  /** Begins an attempt. */
  start(): this {
    this.#chosen = undefined;
    this.#do(this.proposer.start());
    return this;
  }

  /** Begins an attempt with a promise that an earlier one kept. */
  startKept(kept: KeptPromise, unheard = 18): this {
    this.#chosen = undefined;
    this.#do(this.proposer.startKept(kept, unheard));
    return this;
  }

  /** Its present request reaches `members`, and their replies reach it, one after the other. */
  ask(...members: string[]): this {
    for (const member of members) this.send(member).hear(member);
    return this;
  }

  /** Its latest request reaches `members`; their replies are in transit. */
  send(...members: string[]): this {
    const request = this.#request;
    if (request === undefined) throw new Error(`${this.#life} has nothing to send`);
    for (const member of members) this.#sendTo(member, request);
    return this;
  }

  /** The oldest replies of `members` reach it. */
  hear(...members: string[]): this {
    for (const member of members) {
      const answer = this.#inFlight.get(member)?.shift();
      if (answer === undefined) throw new Error(`no answer of ${member} is on its way`);
      this.#receive(member, answer);
    }
    return this;
  }

  /** The oldest reply of `member` reaches it, and stays in transit. */
  hearCopy(member: string): this {
    const answer = this.#inFlight.get(member)?.[0];
    if (answer === undefined) throw new Error(`no answer of ${member} is on its way`);
    this.#receive(member, answer);
    return this;
  }

  /** The oldest reply of `member` is lost. */
  lose(member: string): this {
    if (this.#inFlight.get(member)?.shift() === undefined) {
      throw new Error(`no answer of ${member} is on its way`);
    }
    return this;
  }

  /** From the first prepare to the end, with `members`, undisturbed. */
  run(...members: string[]): Chosen<R> {
    this.start();
    for (const member of members) if (this.#request?.type === "prepare") this.ask(member);
    for (const member of members) if (this.#chosen === undefined) this.ask(member);
    return this.chosen;
  }

  #sendTo(member: string, request: RegisterRequest): void {
    const life = this.#life;
    this.#cluster.trace.push(`${life}>${member} ${showRequest(request)}`);
    const reply = this.#cluster.handle(member, request, life);
    const queue = this.#inFlight.get(member) ?? [];
    queue.push({ request, sender: this.#cluster.sender(member), reply });
    this.#inFlight.set(member, queue);
  }

  #receive(member: string, { request, sender, reply }: InFlight): void {
    if (reply === undefined) return;
    this.#cluster.trace.push(`${member}>${this.#life} ${showReply(reply)}`);
    const step = this.proposer.receive(request, sender, reply);
    if (step !== undefined) this.#do(step);
  }

  #do(step: Step<R>): void {
    if (step.do === "send") {
      this.#request = step.request;
      return;
    }
    this.#last = showStep(step);
    this.#cluster.trace.push(`${this.#life}! ${this.#last}`);
    if (step.do === "done") this.#chosen = step.chosen;
  }
}
