import type { Ballot, LamportClock, Life } from "../../lib/paxos/ballot.ts";
import type { RegisterReply, RegisterRequest } from "../../lib/paxos/messages.ts";
import { combine } from "../../lib/node/quorum/combine.ts";
import type { CellOperation } from "../../lib/paxos/cell_register.ts";
import type { Put } from "../../lib/paxos/kv_register.ts";
import type { Chosen, RegisterChange } from "../../lib/paxos/change.ts";
import type { KeptPromise, Proposer, Step } from "../../lib/paxos/proposer.ts";
import type { CrashVector, Sender } from "../../lib/paxos/quorum.ts";
import type { QuorumRead } from "../../lib/paxos/quorum_read.ts";
import type { State } from "../../lib/paxos/register.ts";
import type { Actor } from "./automaton.ts";
import type { HandedOn } from "../../lib/paxos/handed_on.ts";
import type { Learner } from "../../lib/paxos/learner.ts";
import type { First } from "./first.ts";
import { CELL_TEXT } from "./cell_states.ts";
import { textOf } from "./fingerprint.ts";
import type { Paxos } from "./paxos.ts";

/**
 * An operation of a client on the register; each operation has a unique letter. `again`: it asks for a promise to keep;
 * `fast`: it begins with a fast round.
 */
export type Operation =
  /** Writes its letter if the register is empty; returns the content after it. */
  | {
    readonly kind: "put";
    readonly letter: string;
    readonly again?: boolean;
    readonly fast?: boolean;
  }
  /** As "put", but the owner of its value ends after the first attempt: then it writes no more. */
  | { readonly kind: "lapse"; readonly letter: string }
  /** As "put", but others may end the owner of its value, and release it. */
  | { readonly kind: "bound"; readonly letter: string; readonly fast?: boolean }
  /** Writes the content and its letter; returns the content before it. `heir`: it hands on the promise to that client. */
  | {
    readonly kind: "append";
    readonly letter: string;
    readonly again?: boolean;
    readonly fast?: boolean;
    readonly heir?: Life;
  }
  /** Releases the value of the put of this letter, and makes members forget it; the client's last operation. */
  | { readonly kind: "release"; readonly letter: string }
  /** Appends its letter to a cell, which keeps this number of writers; returns the content after it. */
  | { readonly kind: "update"; readonly letter: string; readonly writers: number }
  /** Deletes the value of a cell and appends its letter to it: two operations in one round; returns the content after them. */
  | { readonly kind: "replace"; readonly letter: string; readonly writers: number }
  /** Deletes the value of a cell, and makes members forget it; the client's last operation. */
  | { readonly kind: "clear"; readonly letter: string }
  /** Returns the content. */
  | { readonly kind: "read"; readonly letter: string };

/** The properties that all clients of a search share. */
export interface ClientWorld {
  readonly members: readonly string[];
  /** Whether values are long enough to fill a piece of a copy. */
  readonly longValues: boolean;
  /** Whether a client sends its crash vector with its requests. */
  readonly clientsTell: boolean;
  /** The state that is chosen at the beginning. */
  readonly first: First | null;
}

/** Options of a client. */
export interface ClientOptions {
  readonly name: string;
  /** Its operations, in order. */
  readonly operations: readonly Operation[];
  /** The number of ballots that it may use per operation, without kept ones. */
  readonly attempts: number;
  /** The number of further ballots for an operation that begins with a kept one. Default: `attempts`. */
  readonly afterKept?: number;
  /** The initial value of its clock. */
  readonly clock?: number;
  /** The distance of a fallback above the clock. Default: 16. */
  readonly slack?: number;
  /** Whether it wrote the first chosen state, and keeps the promise of the next ballot. */
  readonly keeps?: boolean;
  /** Whether it tells the members what a fast round of its own has chosen. */
  readonly tells?: boolean;
  /** Whether it watches the register, and takes promises that others hand on to it. */
  readonly inherits?: boolean;
  /** Whether it has only one operation, which begins with such a promise. */
  readonly waits?: boolean;
}

/** An input of a client. */
export type ClientInput =
  /** It begins its next operation, or another attempt at the running one. */
  | { do: "start" }
  /** A member answers its question. */
  | { do: "answer"; sender: Sender; reply: RegisterReply }
  /** A member pushes what it accepted, and to whom it promised the next ballot with it. */
  | { do: "pushed"; sender: Sender; ballot: Ballot; state: State; heir?: Life }
  /** It asks again, with its present knowledge of crashes. */
  | { do: "again" }
  /** It waits no longer for the rest of the members. */
  | { do: "goOn" }
  /** It learns of a newer configuration, with these members. */
  | { do: "follow"; members: readonly string[]; settled: boolean };

/** An output of a client: a message, or an event. */
export type ClientOutput =
  /** A request to all members. */
  | { out: "ask"; request: RegisterRequest; vector: readonly Life[] }
  | { out: "called"; operation: number }
  /** An operation returns; it believes that the state is chosen. A result `null` is an unknown outcome. */
  | { out: "returned"; operation: number; result: string | null; chosen: Chosen<unknown> };

/** The attributes of a client that other parts need. */
export interface ClientAttributes {
  /** The request that it is waiting for answers to. */
  readonly request: RegisterRequest | null;
  readonly canStart: boolean;
  /** Whether it waits for the rest of the members. */
  readonly canGoOn: boolean;
  /** Whether pushes may give it a promise. */
  readonly canInherit: boolean;
  /** Whether it has a promise for its next operation. */
  readonly hasKept: boolean;
}

/** The register of all operations. */
export const REGISTER = "k1";

/** The length of long values, in bytes: one fills a piece of a copy. */
const LONG = 256 * 1024;

/** A value; its text is its first bytes. */
export function valueOf(text: string, long: boolean): Uint8Array {
  const bytes = new TextEncoder().encode(text);
  if (!long) return bytes;
  const value = new Uint8Array(LONG);
  value.set(bytes);
  return value;
}

/** The text of the value of a state, without the writers of a cell; empty without a value. */
export function contentOf(state: State | null): string {
  return state?.present ? textOf(state.value).split("|")[0] : "";
}

/** The promise that came with the first chosen state. */
function keptOf(first: First | null): KeptPromise | null {
  if (first === null) return null;
  const { ballot: { counter, life }, state } = first;
  return { ballot: { counter: counter + 1, life }, state };
}

/** A node that is not a member, and works on one register in the way of `lib/node`. */
export class Client implements Actor<ClientInput, ClientOutput> {
  readonly #paxos: Paxos;
  readonly #options: ClientOptions;
  readonly #world: ClientWorld;
  members: readonly string[];
  /** Whether the configuration with these members is settled. */
  settled = true;
  clock: LamportClock;
  vector: CrashVector;
  operation = -1;
  attempts = 0;
  proposer: Proposer<string | null> | null = null;
  /** The present put. */
  put: Put | null = null;
  /** The present operation on a cell. */
  cell: CellOperation | null = null;
  reader: QuorumRead | null = null;
  request: RegisterRequest | null = null;
  kept: KeptPromise | null = null;
  handedOn: HandedOn | null = null;
  learner: Learner | null = null;
  /** The ballot of the tombstone that it wrote, until it knows that all members have accepted it. */
  released: Ballot | null = null;
  returned = true;
  #outputs: ClientOutput[] = [];

  /** A client that has done nothing yet. */
  constructor(paxos: Paxos, options: ClientOptions, world: ClientWorld) {
    this.#paxos = paxos;
    this.#options = options;
    this.#world = world;
    this.members = world.members;
    this.clock = new paxos.LamportClock();
    this.clock.observe(options.clock ?? 0);
    if (options.keeps) this.kept = keptOf(world.first);
    if (this.kept !== null) this.clock.observe(this.kept.ballot.counter);
    this.vector = new paxos.CrashVector(world.members.length);
    if (options.inherits) this.handedOn = new paxos.HandedOn(this.clock.counter);
  }

  /** The attributes that other parts need. */
  get attributes(): ClientAttributes {
    const { returned, reader, attempts, request } = this;
    const left = this.operation + 1 < this.#options.operations.length;
    const mayCall = left && (this.kept !== null || this.#options.waits !== true);
    const canGoOn = !returned && (reader === null ? this.proposer?.awaitsRest : reader.waits);
    return {
      request,
      canStart: returned ? mayCall : reader === null && attempts > 0,
      canGoOn: canGoOn === true,
      canInherit: this.handedOn !== null && returned && left && this.kept === null,
      hasKept: this.kept !== null,
    };
  }

  /** Handles one input. */
  handle(input: ClientInput): ClientOutput[] {
    this.#outputs = [];
    switch (input.do) {
      case "start":
        if (this.attributes.canStart) this.#start();
        break;
      case "answer":
        if (this.request !== null) this.#receive(input.sender, input.reply);
        break;
      case "pushed":
        if (this.attributes.canInherit) this.#learn(input);
        break;
      case "again":
        if (this.request !== null) this.#ask(this.request);
        break;
      case "goOn":
        if (this.attributes.canGoOn) this.#goOn();
        break;
      case "follow":
        this.#follow(input.members, input.settled);
    }
    return this.#outputs;
  }

  #learn({ sender, ballot, state, heir }: ClientInput & { do: "pushed" }): void {
    this.learner ??= new this.#paxos.Learner(this.members, () => this.settled);
    const learned = this.learner.receive(sender, ballot, state, false, heir);
    if (learned === undefined) return;
    this.kept = this.handedOn!.take(learned, this.#options.name, this.clock) ?? null;
    if (this.kept !== null) this.learner = null;
  }

  #start(): void {
    if (this.returned) return this.#call();
    this.attempts--;
    this.#do(this.proposer!.start());
  }

  #goOn(): void {
    if (this.reader !== null) return this.#unsure();
    const step = this.proposer!.goOn();
    if (step !== undefined) this.#do(step);
  }

  /** What is under way begins again under the new configuration. */
  #follow(members: readonly string[], settled: boolean): void {
    this.members = members;
    this.settled = settled;
    this.kept = null;
    this.learner = null;
    this.request = null;
    if (this.returned) {
      // The tombstone has to be written again before it may be forgotten.
      this.proposer = null;
      this.released = null;
      return;
    }
    if (this.reader !== null) {
      this.reader = this.#newReader();
      return this.#ask({ type: "read", register: REGISTER });
    }
    this.proposer!.follow(members);
    this.#do(this.proposer!.start());
  }

  #newReader(): QuorumRead {
    return new this.#paxos.QuorumRead(this.members, undefined, this.settled);
  }

  #call(): void {
    this.#outputs.push({ out: "called", operation: ++this.operation });
    this.returned = false;
    this.released = null;
    // What was pushed may be pushed again later.
    this.learner = null;
    this.put = null;
    this.cell = null;
    this.attempts = this.#options.attempts;
    const operation = this.#options.operations[this.operation];
    if (operation.kind === "read") {
      this.reader = this.#newReader();
      return this.#ask({ type: "read", register: REGISTER });
    }
    this.#propose(operation);
    const { kept } = this;
    this.kept = null;
    if (kept !== null) {
      this.attempts = this.#options.afterKept ?? this.attempts;
      const slack = this.#options.slack ?? 16;
      return this.#do(this.proposer!.startKept(kept, this.clock.counter + slack));
    }
    this.attempts--;
    const fast = "fast" in operation && operation.fast ? this.proposer!.startFast() : undefined;
    this.#do(fast ?? this.proposer!.start());
  }

  #propose(operation: Operation): void {
    this.proposer = new this.#paxos.Proposer({
      register: REGISTER,
      members: this.members,
      clock: this.clock,
      life: this.#options.name,
      change: this.#change(operation),
      writing: ({ counter }) => {
        if (this.put !== null) this.put.firstAccept ??= counter;
        if (this.cell !== null) this.cell.firstAccept ??= counter;
      },
      keepPromise: () => "again" in operation && operation.again === true,
    });
  }

  #receive(sender: Sender, reply: RegisterReply): void {
    if (this.#world.clientsTell) this.vector.merge(sender.vector);
    if (this.reader !== null) {
      const outcome = this.reader.receive(sender, reply);
      if (outcome === undefined) return;
      if (outcome.sure) {
        this.reader = null;
        const { chosen } = outcome;
        this.#return(contentOf(chosen.state), chosen);
        if (!this.attributes.canStart) this.#end();
        return;
      }
      return this.#unsure();
    }
    const step = this.proposer!.receive(this.request!, sender, reply);
    if (step !== undefined) this.#do(step);
    else if (this.released !== null && this.proposer!.acceptedByAll) this.#forget();
  }

  /** Only a proposer can tell what there is to read. */
  #unsure(): void {
    this.reader = null;
    this.#propose(this.#options.operations[this.operation]);
    return this.attempts > 0 ? this.#start() : this.#end();
  }

  #do(step: Step<string | null>): void {
    switch (step.do) {
      case "send":
        this.handedOn?.sends(step.request);
        return this.#ask(step.request);
      case "retry":
      case "restart":
        // It need not wait: the answers that led here may come as late as the wait would end.
        return this.attempts > 0 ? this.#start() : this.#end();
      case "done":
        return this.#finish(step.chosen);
      case "full":
        throw new Error("there is room for one register");
    }
  }

  #finish(chosen: Chosen<string | null>): void {
    this.kept = this.proposer!.kept ?? null;
    const { request } = this;
    this.#return(chosen.result, chosen);
    if (request?.type === "fast" && this.#options.tells) {
      const told = { type: "chosen", register: REGISTER, ballot: request.ballot } as const;
      this.#outputs.push({ out: "ask", request: told, vector: this.vector.entries });
    }
    if (request?.type !== "accept" || request.state.present) {
      this.proposer = null;
      if (!this.attributes.canStart) this.#end();
      return;
    }
    this.request = request;
    this.released = request.ballot;
    if (this.proposer!.acceptedByAll) this.#forget();
  }

  /** Nothing more happens here, so its memory is cleared. */
  #end(): void {
    Object.assign(this, new Client(this.#paxos, this.#options, this.#world), {
      members: this.members,
      settled: this.settled,
    });
    this.operation = this.#options.operations.length;
  }

  #return(result: string | null, chosen: Chosen<unknown>): void {
    this.request = null;
    this.attempts = 0;
    this.returned = true;
    this.#outputs.push({ out: "returned", operation: this.operation, result, chosen });
  }

  #forget(): void {
    this.#ask({ type: "forget", register: REGISTER, ballot: this.released! });
    this.#end();
  }

  #ask(request: RegisterRequest): void {
    this.request = request;
    this.#outputs.push({ out: "ask", request, vector: this.vector.entries });
  }

  #change(operation: Operation): RegisterChange<string | null> {
    const { kind, letter } = operation;
    const op = `${this.#options.name}/${this.operation}`;
    switch (kind) {
      case "read":
        return ({ state }) => ({ draft: null, result: contentOf(state) });
      case "put":
      case "lapse":
      case "bound": {
        this.put = {
          op,
          value: valueOf(letter, this.#world.longValues),
          bindings: [],
          owners: [],
          endedByOthers: kind === "bound",
        };
        const isFirst = () => this.attempts === this.#options.attempts - 1;
        const mayWrite = () => kind !== "lapse" || isFirst();
        const change = this.#paxos.putChange(this.put, new Set(), mayWrite);
        return (current) => {
          const { draft, result } = change(current);
          if (result.kind === "written") return { draft, result: letter };
          if (result.kind === "found") return { draft, result: contentOf(result.state) };
          return { draft, result: result.kind === "lapsed" ? "" : null };
        };
      }
      case "append":
        return ({ state }) => {
          const before = contentOf(state);
          const index = before.indexOf(letter);
          if (index >= 0) return { draft: null, result: before.slice(0, index) };
          const value = valueOf(before + letter, this.#world.longValues);
          const draft = { present: true, op, value, bindings: [], owners: [] } as const;
          return { draft, result: before, heir: operation.heir };
        };
      case "update": {
        const next = (now: Uint8Array | null) =>
          valueOf((now && textOf(now) || "") + letter, false);
        return this.#cellChange({ op, command: { type: "update", next } }, operation.writers);
      }
      case "replace":
        return this.#replace(op, letter, operation.writers);
      case "clear":
        return this.#cellChange({ op, command: { type: "delete" } }, 1);
      case "release":
        return ({ state }) => {
          const before = contentOf(state);
          return { draft: before === letter ? { present: false } : null, result: before };
        };
    }
  }

  /** Two operations that a node combines in its rounds. */
  #replace(op: string, letter: string, writers: number): RegisterChange<string | null> {
    const remove = this.#cellChange({ op: `${op}-`, command: { type: "delete" } }, writers);
    const removed = this.cell!;
    const next = (now: Uint8Array | null) => valueOf((now && textOf(now) || "") + letter, false);
    const set = this.#cellChange({ op, command: { type: "update", next } }, writers);
    const appended = this.cell!;
    const parts = [remove, set].map((change) => ({ change, wrote: false }));
    return (current) => {
      // The first accept counts for those that have written in that attempt.
      if (appended.firstAccept !== undefined && removed.firstAccept === undefined) {
        removed.firstAccept = appended.firstAccept;
      }
      const { draft, result: { results } } = combine(parts, current);
      const [gone, content] = parts.map((part) => (results.get(part) as { value: unknown }).value);
      // Neither is known without the other.
      return { draft, result: gone === null ? null : content as string | null };
    };
  }

  #cellChange(
    operation: Pick<CellOperation, "op" | "command">,
    writers: number,
  ): RegisterChange<string | null> {
    this.cell = { ...operation, written: new Map() };
    const change = this.#paxos.cellChange(this.cell, CELL_TEXT, writers);
    return (current) => {
      const { result, ...decision } = change(current);
      const value = result.kind === "done" ? result.value : null;
      return { ...decision, result: result.kind === "done" ? value && textOf(value) || "" : null };
    };
  }
}
