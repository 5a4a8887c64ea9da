import type { Action, Tallied } from "./actions.ts";
import { show } from "./choices.ts";
import type { Message } from "./messages.ts";
import { compareBallots } from "../../lib/paxos/ballot.ts";
import type { World } from "./world.ts";

/**
 * The hard cases: a search that does not meet a case proves nothing about it. The search counts the
 * transitions that show each case.
 */
export type Sight =
  | "a member refuses a ballot below its promise"
  | "a kept promise saves a round"
  | "a client takes a promise that was handed on to it"
  | "a member promises the fallback of what it refuses"
  | "a change ends without a write"
  | "a read has to propose"
  | "a refused proposer starts again"
  | "a copied entry decides what is written"
  | "a copied entry prevents a unanimous state from being sure"
  | "two lives of one member answer one question"
  | "an answer that knows of a crash meets one from before it"
  | "an answer from before a crash meets one that knows of it"
  | "an answer arrives whose sender has a successor"
  | "a frame arrives whose sender has a successor"
  | "both lives of a member accept one ballot"
  | "a recovered member accepts"
  | "a member recovers"
  | "a member continues with the second piece of a copy"
  | "a member learns that it was replaced"
  | "a member takes another life"
  | "a member forgets a register"
  | "a member drops a promise"
  | "a member gives up"
  | "a second round voids a question"
  | "a second round voids the answers of a recovery"
  | "a record is made"
  | "a record is made after another one"
  | "a member votes under a record"
  | "a fast round chooses in one round trip"
  | "a fast round goes on with its promises"
  | "a member prepares instead of taking a fast state"
  | "a member marks what a fast round has chosen"
  | "a member copies what another one took in a fast round"
  | "a classic state goes before one of a fast round"
  | "a read waits for the rest of the members";

type Answer = Message & { readonly kind: "answer" };

/** Counts the hard cases that a search meets. */
export class Sights {
  readonly #world: World;
  readonly counts = new Map<Sight, number>();
  /** The cases that do not depend on the rest of the row, by action. */
  readonly #ofActions = new WeakMap<Action, readonly Sight[]>();
  /** The cases of sequences of answers that meet. */
  readonly #ofTallied = new WeakMap<readonly Tallied[], readonly Sight[]>();
  /** The cases of arriving messages, by message and state of the process. */
  readonly #ofMessages: Map<number, readonly Sight[]>[] = [];

  /** For the actions of `world`. */
  constructor(world: World) {
    this.#world = world;
  }

  /** Counts the cases of an action in `row`. */
  see(row: Uint32Array, action: Action): void {
    for (const sight of this.#sightsOf(row, action)) {
      this.#count(sight);
      if (sight === "a record is made" && this.#world.past(row).records.length > 0) {
        this.#count("a record is made after another one");
      }
    }
    if (this.#world.layout.lives > 1) this.#seeLives(row, action);
  }

  /** Counts the cases of sequences of answers that meet. */
  seeTallied(all: readonly Tallied[]): void {
    let sights = this.#ofTallied.get(all);
    if (sights === undefined) {
      sights = all.flatMap((tallied) => this.#ofAnswers(tallied));
      this.#ofTallied.set(all, sights);
    }
    for (const sight of sights) this.#count(sight);
  }

  /** The cases that occur when the last of these answers meets the earlier ones. */
  #ofAnswers(tallied: Tallied): readonly Sight[] {
    const { layout, parts: { messages } } = this.#world;
    const answers = tallied.map((number) => messages.value(number) as Answer);
    const member = ({ from }: Answer) => layout.memberOf(from);
    const last = answers.at(-1)!;
    const knows = (a: Answer, b: Answer) => a.sender.incarnation < b.sender.vector[member(a)];
    const sights: Sight[] = [];
    if (answers.some((other) => other.from !== last.from && member(other) === member(last))) {
      sights.push("two lives of one member answer one question");
    }
    if (answers.some((other) => member(other) !== member(last) && knows(other, last))) {
      sights.push("an answer that knows of a crash meets one from before it");
    }
    if (answers.some((other) => member(other) !== member(last) && knows(last, other))) {
      sights.push("an answer from before a crash meets one that knows of it");
    }
    return sights;
  }

  #count(sight: Sight): void {
    this.counts.set(sight, (this.counts.get(sight) ?? 0) + 1);
  }

  /** Counts the cases that depend on the rest of the row: the started lives, and the votes of others. */
  #seeLives(row: Uint32Array, action: Action): void {
    const { layout, parts: { messages } } = this.#world;
    switch (action.what) {
      case "client":
        if (action.got.some((number) => this.#hasSuccessor(row, number))) {
          this.#count("an answer arrives whose sender has a successor");
        }
        return;
      case "replies":
        if (action.got.some((number) => this.#hasSuccessor(row, number))) {
          this.#count("a frame arrives whose sender has a successor");
        }
        return;
      case "message": {
        const { message, process } = action;
        if (this.#hasSuccessor(row, message)) {
          this.#count("a frame arrives whose sender has a successor");
        }
        const ask = messages.value(message);
        if (ask.kind !== "ask" || ask.request.type !== "accept") return;
        const { ballot } = ask.request;
        const others = layout.processesOf(layout.memberOf(process));
        if (others.some((other) => other !== process && this.#voted(row, other, ballot))) {
          this.#count("both lives of a member accept one ballot");
        }
      }
    }
  }

  /** Whether a later process of the same member has started before this message arrives. */
  #hasSuccessor(row: Uint32Array, number: number): boolean {
    const { layout, parts: { messages } } = this.#world;
    const message = messages.value(number);
    if (message.kind === "ask") return false;
    const { from } = message;
    return from % layout.lives + 1 < layout.lives && row[from + 1] !== 0;
  }

  #voted(row: Uint32Array, process: number, ballot: Parameters<typeof compareBallots>[0]): boolean {
    const { layout, parts: { outboxes, messages } } = this.#world;
    return outboxes.get(row[layout.outbox(process)]).votes.some((number) => {
      const vote = messages.value(number) as Message & { kind: "vote" };
      return compareBallots(vote.ballot, ballot) === 0;
    });
  }

  #sightsOf(row: Uint32Array, action: Action): readonly Sight[] {
    if (action.what === "message") {
      const { process, message } = action;
      const known = this.#ofMessages[message] ??= new Map();
      let sights = known.get(row[process]);
      if (sights === undefined) {
        sights = this.#ofSteps(row[process], [this.#world.delivery(message)]);
        known.set(row[process], sights);
      }
      return sights;
    }
    let sights = this.#ofActions.get(action);
    if (sights === undefined) {
      sights = this.#ofAction(row, action);
      this.#ofActions.set(action, sights);
    }
    return sights;
  }

  #ofAction(row: Uint32Array, action: Action & { what: Exclude<Action["what"], "message"> }) {
    const world = this.#world;
    switch (action.what) {
      case "client":
        return this.#ofClient(action);
      case "replies":
        return this.#ofSteps(row[action.process], action.got.map((got) => world.delivery(got)));
      case "process":
        return this.#ofSteps(row[action.process], [world.parts.processInputs.number(action.input)]);
      case "restart":
        return [];
    }
  }

  /** The cases of a client that gets answers and says something. */
  #ofClient({ got, then, outputs }: Action & { what: "client" }): readonly Sight[] {
    const { messages } = this.#world.parts;
    const sights: Sight[] = [];
    const isPush = (number: number) => messages.value(number).kind === "vote";
    if (got.some(isPush) && then === null) {
      sights.push("a client takes a promise that was handed on to it");
    }
    const answers = got.filter((number) => !isPush(number))
      .map((number) => messages.value(number) as Answer);
    const asks = outputs.flatMap((output) => output.out === "ask" ? [output.request] : []);
    const accept = asks.find(({ type }) => type === "accept");
    const reports = answers.map(({ reply }) => reply)
      .filter((reply) => reply.type === "promise" || reply.type === "current");
    const took = answers.some(({ reply }) => reply.type === "took");
    const isReturnedAtOnce = took && accept === undefined &&
      outputs.some(({ out }) => out === "returned");
    if (isReturnedAtOnce) sights.push("a fast round chooses in one round trip");
    if (then === "goOn" && asks.some(({ type }) => type === "accept")) {
      sights.push("a fast round goes on with its promises");
    }
    if (then === "goOn" && reports.some(({ type }) => type === "current")) {
      sights.push("a read waits for the rest of the members");
    }
    if (accept?.type === "accept") {
      if (reports.length === 0 && then !== "again" && !took) {
        sights.push("a kept promise saves a round");
      }
      const votes = reports.flatMap(({ accepted }) => accepted ?? []);
      const fast = [
        ...votes.filter(({ fast }) => fast).map(({ ballot }) => ballot),
        ...answers.flatMap(({ reply }) => reply.type === "took" ? [reply.ballot] : []),
      ];
      const isBehind = votes.some((vote) =>
        !vote.fast && fast.some((ballot) => compareBallots(ballot, vote.ballot) > 0)
      );
      if (isBehind) sights.push("a classic state goes before one of a fast round");
      const accepted = reports.flatMap((report) => report.accepted === null ? [] : [report])
        .sort((a, b) => compareBallots(b.accepted!.ballot, a.accepted!.ballot));
      const isAdopted = accepted.length > 0 &&
        show(accepted[0].accepted!.state) === show(accept.state);
      if (isAdopted && accepted[0].copied) sights.push("a copied entry decides what is written");
    }
    const [first] = reports;
    const areEqual = reports.length > 1 &&
      reports.every(({ accepted }) =>
        accepted !== null && first.accepted !== null &&
        compareBallots(accepted.ballot, first.accepted.ballot) === 0
      );
    if (areEqual && asks.length > 0 && reports.some(({ copied }) => copied)) {
      sights.push("a copied entry prevents a unanimous state from being sure");
    }
    if (asks.length > 0 && reports.some(({ type }) => type === "current")) {
      sights.push("a read has to propose");
    }
    const isReturned = outputs.some(({ out }) => out === "returned");
    if (isReturned && reports.some(({ type }) => type === "promise")) {
      sights.push("a change ends without a write");
    }
    const isRefused = then === null && answers.some(({ reply }) => reply.type === "nack");
    if (isRefused && asks.some(({ type }) => type === "prepare")) {
      sights.push("a refused proposer starts again");
    }
    return sights;
  }

  /** The cases of a process that gets these inputs one by one. */
  #ofSteps(from: number, inputs: readonly number[]): readonly Sight[] {
    const sights: Sight[] = [];
    let state = from;
    for (const input of inputs) {
      sights.push(...this.#ofStep(state, input));
      state = this.#world.parts.process.step(state, input).next;
    }
    return sights;
  }

  #ofStep(state: number, number: number): readonly Sight[] {
    const { process, processInputs } = this.#world.parts;
    const input = processInputs.value(number);
    const { next, outputs, moved } = process.step(state, number);
    const [before, after] = [process.attributes(state), process.attributes(next)];
    const sights: Sight[] = [];
    for (const output of outputs) {
      if (output.out === "made") sights.push("a record is made", "a member votes under a record");
      if (output.out === "gaveUp") sights.push("a member gives up");
      if (output.out === "entered") {
        sights.push(output.recovered ? "a member recovers" : "a member votes under a record");
      }
      if (output.out !== "answer" || input.do !== "ask") continue;
      if (output.reply.type === "nack") {
        sights.push("a member refuses a ballot below its promise");
      }
      if (output.reply.type === "promise" && input.request.type === "fast") {
        sights.push("a member prepares instead of taking a fast state");
      }
      const { reply } = output;
      if (reply.type === "promise" && reply.accepted?.fast === true && reply.copied) {
        sights.push("a member copies what another one took in a fast round");
      }
      if (output.reply.type === "promise" && input.request.type === "accept") {
        sights.push("a member promises the fallback of what it refuses");
      }
      const isFirstLife = before.record?.lives.includes(before.incarnation ?? "");
      if (output.reply.type === "accepted" && !isFirstLife) {
        sights.push("a recovered member accepts");
      }
    }
    const gaveUp = outputs.some(({ out }) => out === "gaveUp");
    if (before.life !== after.life && after.state !== "closed" && !gaveUp) {
      sights.push("a member takes another life");
    }
    switch (input.do) {
      case "age":
        if (moved === null && next !== state && this.#drops(state, next)) {
          sights.push("a member drops a promise");
        }
        break;
      case "ask":
        if (input.request.type === "chosen" && next !== state) {
          sights.push("a member marks what a fast round has chosen");
        }
        if (input.request.type === "forget" && next !== state) {
          sights.push("a member forgets a register");
        }
        break;
      case "question": {
        const { request } = input;
        if (request.type === "transfer" && request.after !== "" && outputs.length > 0) {
          sights.push("a member continues with the second piece of a copy");
        }
        const voids = moved?.get("genesis._pull") === null;
        if (voids) sights.push("a second round voids a question");
        if (voids && before.state === "recovering") {
          sights.push("a second round voids the answers of a recovery");
        }
      }
    }
    if (input.do !== "crash" && before.state !== "closed" && after.state === "closed") {
      sights.push("a member learns that it was replaced");
    }
    return sights;
  }

  /** Whether the acceptor holds fewer registers than before. */
  #drops(state: number, next: number): boolean {
    const { process } = this.#world.parts;
    return process.attributes(next).size < process.attributes(state).size;
  }
}
