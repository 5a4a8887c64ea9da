import { type Ballot, compareBallots, type Life } from "../../lib/paxos/ballot.ts";
import type { RegisterRequest } from "../../lib/paxos/messages.ts";
import { majority } from "../../lib/paxos/quorum.ts";
import type { Transition } from "./automaton.ts";
import type { ClientOutput } from "./client.ts";
import type { Message } from "./messages.ts";
import type { ProcessInput } from "./process_io.ts";
import type { World } from "./world.ts";

/** Called with an action and the row after it. */
export type Visit = (row: Uint32Array, action: Action) => void;

/** One step of the system. */
export type Action =
  /** A client gets these answers, or pushes, in direct succession, and then possibly continues by itself. */
  | {
    readonly what: "client";
    readonly client: number;
    readonly got: readonly number[];
    readonly then: "start" | "again" | "goOn" | null;
    readonly outputs: readonly ClientOutput[];
  }
  /** A message arrives. */
  | { readonly what: "message"; readonly process: number; readonly message: number }
  /** A process gets these replies of others in direct succession. */
  | { readonly what: "replies"; readonly process: number; readonly got: readonly number[] }
  /** A process gets an input of its own. */
  | { readonly what: "process"; readonly process: number; readonly input: ProcessInput }
  /** A member starts again, with empty memory. */
  | { readonly what: "restart"; readonly process: number; readonly life: Life };

/** Answers that a client may get in direct succession; only the last one changes what it says. */
export type Tallied = readonly number[];

/** All outcomes of a client in one state, and all sequences of answers that can meet there. */
interface Client {
  readonly outcomes: readonly Outcome[];
  readonly tallied: readonly Tallied[];
}

/** A push to a client: the message with the vote that it tells of, and the input. */
interface Push {
  readonly vote: number;
  readonly input: number;
}

/** One step of a client: the action, and the state after it. */
interface Outcome {
  readonly next: number;
  readonly action: Action & { readonly what: "client" };
}

/** The lives of a member, in the order of its starts. */
const LIVES: readonly Life[] = ["1", "2", "3", "4", "5"];

/** The life of a start whose clock has gone back to before the first start. */
const EARLIER_LIFE: Life = "0";

/** Finds all possible next steps. */
export class Actions {
  readonly #world: World;
  readonly #oneByOne: boolean;
  readonly #row: Uint32Array;
  readonly #clients: Map<string, Client>[];
  readonly #ways = new Map<string, readonly (Action & { readonly what: "replies" })[]>();

  /** The latest action, or the one that caused a violation. */
  latest: Action | null = null;

  /** Called with the sequences of answers that can meet at a client; equal ones are the same list. */
  onTallied: (tallied: readonly Tallied[]) => void = () => {};

  /**
   * The actions of `world`. With `oneByOne` each answer is its own step, also one that only fills a tally: for
   * tests of that reduction.
   */
  constructor(world: World, oneByOne = false) {
    this.#world = world;
    this.#oneByOne = oneByOne;
    this.#row = new Uint32Array(world.layout.width);
    this.#clients = world.scope.clients.map(() => new Map());
  }

  /**
   * Calls `visit` with each possible action in `row`; the row that it gets is valid until it returns. Throws
   * `Violation` if an action violates an invariant.
   */
  forEach(row: Uint32Array, visit: Visit): void {
    const { layout, scope } = this.#world;
    for (let client = 0; client < layout.clients; client++) this.#client(row, client, visit);
    for (let process = 0; process < layout.processes; process++) {
      const { state } = this.#world.process(row, process);
      if (state === "idle" || state === "closed") continue;
      this.#deliver(row, process, visit);
      this.#hear(row, process, visit);
      this.#inside(row, process, visit);
    }
    for (const member of scope.restarting) this.#restart(row, member, visit);
  }

  /**
   * An answer that only fills a tally has no visible effect, and stays in the network. So it is enough that
   * such answers arrive directly before the answer that makes the client say something, or before the client
   * continues by itself.
   */
  #client(row: Uint32Array, client: number, visit: Visit): void {
    const { layout, parts: { outboxes } } = this.#world;
    const state = row[layout.client(client)];
    let key = `${state}`;
    for (let process = 0; process < layout.processes; process++) {
      key += ` ${outboxes.get(row[layout.outbox(process)]).answersId[client]}`;
    }
    const pushes = this.#pushes(row, client, state);
    key += ` ${pushes.map(({ vote, input }) => `${vote}:${input}`)}`;
    let known = this.#clients[client].get(key);
    if (known === undefined) {
      const answers: number[] = [];
      for (let process = 0; process < layout.processes; process++) {
        answers.push(...outboxes.get(row[layout.outbox(process)]).answers[client]);
      }
      known = this.#outcomesOf(client, state, answers, pushes);
      this.#clients[client].set(key, known);
    }
    this.onTallied(known.tallied);
    for (const { next, action } of known.outcomes) {
      this.latest = action;
      this.#row.set(row);
      this.#world.toClient(this.#row, client, next, action.outputs);
      visit(this.#row, action);
    }
  }

  /** What members may push to a client that a promise may be handed on to: all that they have accepted. */
  #pushes(row: Uint32Array, client: number, state: number): readonly Push[] {
    const { layout, parts: { outboxes, messages, clients, clientInputs, members } } = this.#world;
    if (!clients[client].attributes(state).canInherit) return [];
    const pushes: Push[] = [];
    for (let process = 0; process < layout.processes; process++) {
      for (const number of outboxes.get(row[layout.outbox(process)]).votes) {
        const vote = messages.value(number) as Message & { kind: "vote" };
        const accept = this.#accepted(row, vote.ballot);
        if (accept === undefined) continue;
        const { incarnation, vector } = vote;
        const sender = { member: members[layout.memberOf(process)], incarnation, vector };
        const { ballot, state, heir } = accept;
        const input = { do: "pushed", sender, ballot, state, heir } as const;
        pushes.push({ vote: number, input: clientInputs.number(input) });
      }
    }
    return pushes;
  }

  /** The request that proposed a ballot classically. */
  #accepted(row: Uint32Array, ballot: Ballot): (RegisterRequest & { type: "accept" }) | undefined {
    const { layout, parts: { outboxes, messages } } = this.#world;
    for (let client = 0; client < layout.clients; client++) {
      for (const number of outboxes.get(row[layout.sent(client)]).asks) {
        const { request } = messages.value(number) as Message & { kind: "ask" };
        if (request.type !== "accept") continue;
        if (compareBallots(request.ballot, ballot) === 0) return request;
      }
    }
    return undefined;
  }

  #outcomesOf(
    client: number,
    state: number,
    answers: readonly number[],
    pushes: readonly Push[],
  ): Client {
    const { parts, scope } = this.#world;
    const automaton = parts.clients[client];
    const start = parts.clientInputs.number({ do: "start" });
    const again = parts.clientInputs.number({ do: "again" });
    const goOn = parts.clientInputs.number({ do: "goOn" });
    const outcomes = new Map<string, Outcome>();
    const note = (
      { next, outputs }: Transition<ClientOutput>,
      got: readonly number[],
      then: "start" | "again" | "goOn" | null,
    ) => {
      const key = `${next} ${then}`;
      if (outcomes.has(key)) return;
      outcomes.set(key, { next, action: { what: "client", client, got, then, outputs } });
    };
    const seen = new Map<number, readonly number[]>([[state, []]]);
    const tallied: Tallied[] = [];
    const question = this.#world.openQuestion(client, state);
    for (const [at, got] of seen) { // grows during the iteration: breadth first
      if (automaton.attributes(at).canStart) {
        note(automaton.step(at, start), got, "start");
      }
      if (automaton.attributes(at).canGoOn) note(automaton.step(at, goOn), got, "goOn");
      if (scope.clientsTell && at !== state) {
        note(automaton.step(at, again), got, "again");
      }
      if (automaton.attributes(at).canInherit) {
        for (const { vote, input } of pushes) {
          const transition = automaton.step(at, input);
          const { next } = transition;
          if (automaton.attributes(next).hasKept) note(transition, [...got, vote], null);
          else if (this.#oneByOne) {
            if (next !== at) note(transition, [vote], null);
          } else if (!seen.has(next)) seen.set(next, [...got, vote]);
        }
      }
      for (const answer of answers) {
        const { sender, reply } = parts.messages.value(answer) as Message & { kind: "answer" };
        const input = parts.clientInputs.number({ do: "answer", sender, reply });
        const transition = automaton.step(at, input);
        const { next, outputs } = transition;
        tallied.push([...got, answer]);
        if (outputs.length > 0 || this.#world.openQuestion(client, next) !== question) {
          note(transition, [...got, answer], null);
        } else if (this.#oneByOne) {
          if (next !== at) note(transition, [answer], null);
        } else if (!seen.has(next)) {
          seen.set(next, [...got, answer]);
        }
      }
    }
    return { outcomes: [...outcomes.values()], tallied };
  }

  #deliver(row: Uint32Array, process: number, visit: Visit): void {
    const { layout, parts: { outboxes } } = this.#world;
    const member = layout.memberOf(process);
    for (let client = 0; client < layout.clients; client++) {
      const { asks } = outboxes.get(row[layout.sent(client)]);
      for (const message of asks) this.#arrive(row, process, message, visit);
    }
    for (let other = 0; other < layout.processes; other++) {
      // A process does not receive its own questions to its id; other processes of its member do.
      if (other === process) continue;
      const { questions } = outboxes.get(row[layout.outbox(other)]);
      for (const message of questions[member]) this.#arrive(row, process, message, visit);
    }
  }

  /**
   * The reduction for the answers to a client holds for the replies to a process, too: its answers to others
   * do not change while a tally fills. (Only its knowledge of crashes would show earlier, and such knowledge
   * never makes a receiver count more answers.)
   */
  #hear(row: Uint32Array, process: number, visit: Visit): void {
    const { layout, parts: { outboxes } } = this.#world;
    const state = row[process];
    let key = `${process} ${state}`;
    for (let other = 0; other < layout.processes; other++) {
      key += ` ${outboxes.get(row[layout.outbox(other)]).repliesId[process]}`;
    }
    let ways = this.#ways.get(key);
    if (ways === undefined) {
      const replies: number[] = [];
      for (let other = 0; other < layout.processes; other++) {
        replies.push(...outboxes.get(row[layout.outbox(other)]).replies[process]);
      }
      ways = this.#waysOn(state, replies).map((got) => ({ what: "replies", process, got }));
      this.#ways.set(key, ways);
    }
    for (const action of ways) {
      this.latest = action;
      this.#row.set(row);
      for (const message of action.got) {
        this.#world.toProcess(this.#row, process, this.#world.delivery(message));
      }
      this.#visit(process, action, visit);
    }
  }

  /** The replies after which a process says something or changes its state, each with the replies before it. */
  #waysOn(state: number, replies: readonly number[]): readonly (readonly number[])[] {
    const { process } = this.#world.parts;
    const ways = new Map<string, readonly number[]>();
    const seen = new Map<number, readonly number[]>([[state, []]]);
    for (const [at, got] of seen) { // grows during the iteration: breadth first
      for (const reply of replies) {
        const { next, outputs, moved } = process.step(at, this.#world.delivery(reply));
        const after = [...got, reply];
        // Forgetting a question is silent as well: its answers might have come later.
        const isSilent = !this.#oneByOne && outputs.length === 0 && isNowhere(moved) &&
          process.attributes(next).state === process.attributes(at).state;
        if (!isSilent) ways.set(`${next} ${reply}`, after);
        else if (!seen.has(next)) seen.set(next, after);
      }
    }
    return [...ways.values()];
  }

  #arrive(row: Uint32Array, process: number, message: number, visit: Visit): void {
    const input = this.#world.delivery(message);
    if (!this.#world.matters(row[process], input)) return;
    this.latest = { what: "message", process, message };
    this.#row.set(row);
    if (this.#world.toProcess(this.#row, process, input)) this.#visit(process, this.latest, visit);
  }

  #inside(row: Uint32Array, process: number, visit: Visit): void {
    const { scope, layout } = this.#world;
    if (this.#world.process(row, process).state !== "operational") {
      if (!scope.genesis) {
        return this.#happen(row, process, { do: "recoveryTick" }, visit);
      }
      this.#happen(row, process, { do: "tick" }, visit);
      if (layout.memberOf(process) === 0) this.#happen(row, process, { do: "ticks" }, visit);
      return;
    }
    if (scope.givingUp && this.#isSomeoneLost(row, process)) {
      this.#happen(row, process, { do: "doubt" }, visit);
    }
    if (this.#world.past(row).ages >= scope.ages) return;
    this.#happen(row, process, { do: "age" }, (row, action) => {
      this.#world.changePast(row, (past) => ({ ...past, ages: past.ages + 1 }));
      visit(row, action);
    });
  }

  /**
   * Whether the first round of giving up can have an effect. That round tells other members nothing, so it
   * may start when the first member could report a loss, and need not start earlier.
   */
  #isSomeoneLost(row: Uint32Array, process: number): boolean {
    const { layout, parts: { members } } = this.#world;
    const { lives } = this.#world.process(row, process).record!;
    return members.some((_, member) =>
      layout.processesOf(member).some((other) => {
        const { state, life } = this.#world.process(row, other);
        return (state === "blank" || state === "recovering") && life !== lives[member];
      })
    );
  }

  #happen(row: Uint32Array, process: number, input: ProcessInput, visit: Visit): void {
    this.latest = { what: "process", process, input };
    this.#row.set(row);
    const number = this.#world.parts.processInputs.number(input);
    if (this.#world.toProcess(this.#row, process, number)) this.#visit(process, this.latest, visit);
  }

  /** Visits the action unless the bounds of the scope exclude it. */
  #visit(process: number, action: Action, visit: Visit): void {
    const { life } = this.#world.process(this.#row, process);
    // Each new life is the previous one with one more character.
    if (life.length - LIVES[0].length <= this.#world.scope.lifeChanges) visit(this.#row, action);
  }

  #restart(row: Uint32Array, member: number, visit: Visit): void {
    const { scope, layout, firstRecord: record } = this.#world;
    const { restarts } = this.#world.past(row);
    if (restarts >= scope.restarts) return;
    const process = layout.processesOf(member)
      .find((process) => this.#world.process(row, process).state === "idle");
    if (process === undefined) return;
    if (scope.keepsMajority && !this.#keepsMajority(row, member)) return;
    const start = process % layout.lives;
    const { parts: { processInputs } } = this.#world;
    const lives = [LIVES[start]];
    if (scope.clockGoesBack && start === 1) lives.push(EARLIER_LIFE);
    for (const life of lives) {
      this.latest = { what: "restart", process, life };
      this.#row.set(row);
      if (!scope.overlap.includes(member)) {
        this.#world.toProcess(this.#row, process - 1, processInputs.number({ do: "crash" }));
      }
      this.#world.changePast(this.#row, (past) => ({ ...past, restarts: restarts + 1 }));
      const boot = { do: "boot", member, life, wall: restarts + 1, record } as const;
      this.#world.toProcess(this.#row, process, processInputs.number(boot));
      visit(this.#row, this.latest);
    }
  }

  /** Whether a majority continues to vote when a member starts again. */
  #keepsMajority(row: Uint32Array, member: number): boolean {
    const { scope: { overlap }, layout, parts: { members } } = this.#world;
    const voting = members.filter((_, other) =>
      (other !== member || overlap.includes(member)) &&
      layout.processesOf(other).some((process) =>
        this.#world.process(row, process).state === "operational"
      )
    );
    return voting.length >= majority(members.length);
  }
}

function isNowhere(moved: ReadonlyMap<string, string | null> | null): boolean {
  return moved === null || [...moved.values()].every((place) => place === null);
}
