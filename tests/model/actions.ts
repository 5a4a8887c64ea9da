import type { Life } from "../../lib/paxos/ballot.ts";
import { majority } from "../../lib/paxos/quorum.ts";
import type { Transition } from "./automaton.ts";
import type { ClientOutput } from "./client.ts";
import type { Message } from "./messages.ts";
import type { ProcessInput } from "./process_io.ts";
import type { World } from "./world.ts";

/** Something that can happen, and what the row is after it. */
export type Visit = (row: Uint32Array, action: Action) => void;

/** Something that can happen. */
export type Action =
  /** A client gets these answers one right after the other, and then goes on by itself, or not. */
  | {
    readonly what: "client";
    readonly client: number;
    readonly got: readonly number[];
    readonly then: "start" | "again" | null;
    readonly outputs: readonly ClientOutput[];
  }
  /** A message arrives. */
  | { readonly what: "message"; readonly process: number; readonly message: number }
  /** A process gets these answers of others one right after the other. */
  | { readonly what: "replies"; readonly process: number; readonly got: readonly number[] }
  /** Something happens inside a process. */
  | { readonly what: "process"; readonly process: number; readonly input: ProcessInput }
  /** A member starts again, with empty memory. */
  | { readonly what: "restart"; readonly process: number; readonly life: Life };

/** Answers that a client may get one right after the other; the last of them matters. */
export type Tallied = readonly number[];

/** All that a client can do in one state, and all ways in which answers can meet there. */
interface Client {
  readonly outcomes: readonly Outcome[];
  readonly tallied: readonly Tallied[];
}

/** One way on from a state of a client: what happens, and the state after it. */
interface Outcome {
  readonly next: number;
  readonly action: Action & { readonly what: "client" };
}

/** The lives of a member, in the order of its starts. */
const LIVES: readonly Life[] = ["1", "2", "3", "4", "5"];

/** The life of a start at which the clock had gone back to before the first one. */
const EARLIER_LIFE: Life = "0";

/** Finds everything that can happen next. */
export class Actions {
  readonly #world: World;
  readonly #oneByOne: boolean;
  readonly #row: Uint32Array;
  readonly #clients: Map<string, Client>[];
  readonly #ways = new Map<string, readonly (Action & { readonly what: "replies" })[]>();

  /** What happened last, or was about to when it turned out that it must not. */
  latest: Action | null = null;

  /** Told in which ways answers can meet at a client: the same list each time that they are the same. */
  onTallied: (tallied: readonly Tallied[]) => void = () => {};

  /**
   * What can happen in `world`. `oneByOne`: without the thought that answers which only fill a tally need
   * no step of their own; to test that.
   */
  constructor(world: World, oneByOne = false) {
    this.#world = world;
    this.#oneByOne = oneByOne;
    this.#row = new Uint32Array(world.layout.width);
    this.#clients = world.scope.clients.map(() => new Map());
  }

  /**
   * Calls `visit` with each thing that can happen in `row`; the row that it gets is good until it
   * returns. Throws `Violation` if something happens that must not.
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
   * Answers that only fill a tally change nothing that others can see, and stay where they are: so it is
   * enough that they arrive right before the one that makes the client say something, or before it goes on
   * by itself.
   */
  #client(row: Uint32Array, client: number, visit: Visit): void {
    const { layout, parts: { outboxes } } = this.#world;
    const state = row[layout.client(client)];
    let key = `${state}`;
    for (let process = 0; process < layout.processes; process++) {
      key += ` ${outboxes.get(row[layout.outbox(process)]).answersId[client]}`;
    }
    let known = this.#clients[client].get(key);
    if (known === undefined) {
      const answers: number[] = [];
      for (let process = 0; process < layout.processes; process++) {
        answers.push(...outboxes.get(row[layout.outbox(process)]).answers[client]);
      }
      known = this.#outcomesOf(client, state, answers);
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

  #outcomesOf(client: number, state: number, answers: readonly number[]): Client {
    const { parts, scope } = this.#world;
    const automaton = parts.clients[client];
    const start = parts.clientInputs.number({ do: "start" });
    const again = parts.clientInputs.number({ do: "again" });
    const outcomes = new Map<string, Outcome>();
    const note = (
      { next, outputs }: Transition<ClientOutput>,
      got: readonly number[],
      then: "start" | "again" | null,
    ) => {
      const key = `${next} ${then}`;
      if (outcomes.has(key)) return;
      outcomes.set(key, { next, action: { what: "client", client, got, then, outputs } });
    };
    const seen = new Map<number, readonly number[]>([[state, []]]);
    const tallied: Tallied[] = [];
    const question = this.#world.openQuestion(client, state);
    for (const [at, got] of seen) { // grows while it is walked through: breadth first
      if (automaton.attributes(at).canStart) {
        note(automaton.step(at, start), got, "start");
      }
      if (scope.clientsTell && at !== state) {
        note(automaton.step(at, again), got, "again");
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
      // A process does not hear what it asks its own id; other processes of its member do.
      if (other === process) continue;
      const { questions } = outboxes.get(row[layout.outbox(other)]);
      for (const message of questions[member]) this.#arrive(row, process, message, visit);
    }
  }

  /**
   * What holds for the answers to a client holds for those to a process: it answers others the same while
   * a tally fills. (Only what it has heard of crashes would show earlier, and that never makes anybody
   * count more.)
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

  /** The answers after which a process says something or is something else; each with those before. */
  #waysOn(state: number, replies: readonly number[]): readonly (readonly number[])[] {
    const { process } = this.#world.parts;
    const ways = new Map<string, readonly number[]>();
    const seen = new Map<number, readonly number[]>([[state, []]]);
    for (const [at, got] of seen) { // grows while it is walked through: breadth first
      for (const reply of replies) {
        const { next, outputs, moved } = process.step(at, this.#world.delivery(reply));
        const after = [...got, reply];
        // To forget a question is silent as well: its answers might as well have come later.
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
   * Whether it is early enough to ask whether all is lost: nobody is told anything by the first round,
   * so there is no sooner than when the first member could say that it is lost.
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

  /** Leaves out what the bounds of the scope leave out. */
  #visit(process: number, action: Action, visit: Visit): void {
    const { life } = this.#world.process(this.#row, process);
    // Each new life is the one before and a character.
    if (life.length - LIVES[0].length <= this.#world.scope.relives) visit(this.#row, action);
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

  /** Whether a majority goes on voting when a member starts again. */
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
