import type { Genesis } from "../../../lib/paxos/genesis.ts";
import { majority } from "../../../lib/paxos/quorum.ts";
import {
  headerOf,
  type Input,
  isPull,
  type Message,
  Process,
  showInput,
} from "./founding_process.ts";

/** The events besides messages. */
export interface GenesisPlan {
  readonly members: readonly string[];
  /** Lives that run from the beginning, `a1`. */
  readonly running: readonly string[];
  /** Lives that start at any time: the member's earlier processes crash then. */
  readonly restarts?: readonly string[];
  /** Lives that start at any time beside the member's earlier processes. */
  readonly twins?: readonly string[];
  /**
   * Members of which a process that is blank may stop, once, and go on in its life from its disk, if it has answered a
   * question of the second round.
   */
  readonly resumes?: readonly string[];
  /** Whether processes of one member hear each other; otherwise messages to the own id are lost. */
  readonly twinsHear?: boolean;
  /** The number of times that each life asks by itself. */
  readonly ticks: number;
  /** Whether records are pulled in one step, question and answer; so no pull is ever late. */
  readonly promptPulls?: boolean;
}

/** The history of one process; `inputs` alone determine it. */
interface Local {
  readonly first: string;
  readonly inputs: readonly Input[];
  /** Its present life. */
  readonly life: string;
  readonly genesis: Genesis;
  /** Whether its life is from its disk. */
  readonly isResumed: boolean;
  readonly ticks: number;
  /** The numbers of its latest questions; answers to others have no effect. */
  readonly numbers: readonly number[];
  readonly closed: boolean;
}

interface Effect {
  readonly next: number;
  readonly sent: readonly number[];
}

/** One state of the whole: the running processes, and every message ever sent. */
interface World {
  readonly processes: readonly number[];
  readonly pending: readonly string[];
  readonly sent: readonly number[];
}

/**
 * Every state that the founding of a cluster can reach with any behaviour of the network: a message may arrive
 * at any time, several times, or never. Each state is checked: no two records have a majority at once, and from
 * there, with the network healed, all members end up under one record.
 */
export class GenesisSearch {
  readonly #plan: GenesisPlan;
  readonly #locals: Local[] = [];
  readonly #localNumbers = new Map<string, number>();
  readonly #messages: Message[] = [];
  readonly #messageNumbers = new Map<string, number>();
  readonly #effects = new Map<string, Effect>();

  constructor(plan: GenesisPlan) {
    this.#plan = plan;
  }

  /** Returns the number of different states; throws the fault found in one of them. */
  explore(): number {
    const first = this.#first();
    const seen = new Set([keyOf(first)]);
    const waiting = [first];
    for (let world = waiting.pop(); world !== undefined; world = waiting.pop()) {
      this.#check(world);
      for (const next of this.#successors(world)) {
        const key = keyOf(next);
        if (seen.has(key)) continue;
        seen.add(key);
        waiting.push(next);
      }
    }
    return seen.size;
  }

  /** Follows this number of random paths, each to its end or for 60 steps; the same paths for one seed. */
  walk(ways: number, seed: number): void {
    const chance = (bound: number) => {
      seed = (Math.imul(seed, 1664525) + 1013904223) >>> 0;
      return Math.floor(seed / 2 ** 32 * bound);
    };
    for (let way = 0; way < ways; way++) {
      let world = this.#first();
      for (let step = 0; step < 60; step++) {
        const key = keyOf(world);
        const next = [...this.#successors(world)].filter((other) => keyOf(other) !== key);
        if (next.length === 0) break;
        world = next[chance(next.length)];
        this.#check(world);
      }
    }
  }

  #first(): World {
    const { running, restarts = [], twins = [], resumes = [] } = this.#plan;
    return {
      processes: running.map((life) => this.#local(life, [])),
      pending: [...restarts, ...twins, ...resumes],
      sent: [],
    };
  }

  *#successors(world: World): Generator<World> {
    const { resumes = [] } = this.#plan;
    for (const one of world.pending) {
      if (resumes.includes(one)) yield* this.#resume(world, one);
      else yield this.#start(world, one);
    }
    const { members, promptPulls, ticks: most } = this.#plan;
    for (const [index, number] of world.processes.entries()) {
      const { ticks, life, genesis, isResumed } = this.#locals[number];
      const asks = !promptPulls || isResumed || life[0] === members[0];
      const mayTick = genesis.state !== "operational" && asks;
      if (mayTick && ticks < most) yield this.#step(world, index, { kind: "tick" }, "tick");
      if (promptPulls && !isResumed) yield* this.#pulls(world, index);
      for (const sent of world.sent) {
        const message = this.#messages[sent];
        // A question reaches any process of that member, an answer the life that it is for.
        const isFor = message.kind === "question" ? life[0] : life;
        // A process does not hear its own questions; other processes of its member do.
        if (message.kind === "question" && message.from === life) continue;
        if (message.to === isFor) yield this.#step(world, index, message, String(sent));
      }
    }
  }

  /** A process asks another one for the record, and receives the answer, if it has an effect. */
  *#pulls(world: World, index: number): Generator<World> {
    const { first, inputs, life, genesis, numbers } = this.#locals[world.processes[index]];
    if (genesis.state === "operational") return;
    const ticked = [...inputs, { kind: "tick" } as const];
    const { sent } = this.#run(first, ticked);
    for (const number of world.processes) {
      const other = this.#locals[number];
      const record = other.genesis.record;
      const asked = sent.find((message) => message.to === other.life[0] && isPull(message));
      if (asked?.kind !== "question" || other.genesis.state !== "operational") continue;
      const reply = { id: asked.request.id, type: "record", members: this.#plan.members } as const;
      const header = headerOf(other.life);
      const answer = { kind: "answer", header, reply: { ...reply, record: record! } } as const;
      const { matters, process } = this.#run(first, [...ticked, answer]);
      if (!matters || life === other.life) continue;
      // A round that began with this question and ended with its answer has no effect.
      const [, round] = numbers;
      if (round === 0 && process.genesis.record?.id === genesis.record?.id) continue;
      const next = this.#local(first, [...ticked, answer]);
      yield this.#tidy({ ...world, processes: world.processes.with(index, next) });
    }
  }

  #start(world: World, life: string): World {
    const { restarts = [] } = this.#plan;
    const survives = (number: number) =>
      !restarts.includes(life) || this.#locals[number].life[0] !== life[0];
    return this.#tidy({
      processes: [...world.processes.filter(survives), this.#local(life, [])],
      pending: world.pending.filter((other) => other !== life),
      sent: world.sent,
    });
  }

  /** A process stops and goes on from what is on its disk, if it is blank and has to go on in its life. */
  *#resume(world: World, member: string): Generator<World> {
    const index = world.processes.findIndex((number) => this.#locals[number].life[0] === member);
    if (index < 0) return;
    const { life, genesis } = this.#locals[world.processes[index]];
    if (genesis.state === "operational" || genesis.answered === "") return;
    yield this.#tidy({
      processes: world.processes.with(index, this.#local(`${life}<${genesis.answered}`, [])),
      pending: world.pending.filter((other) => other !== member),
      sent: world.sent,
    });
  }

  #step(world: World, index: number, input: Input, name: string): World {
    const number = world.processes[index];
    const key = `${number} ${name}`;
    let effect = this.#effects.get(key);
    if (effect === undefined) {
      effect = this.#effect(number, input);
      this.#effects.set(key, effect);
    }
    const { next, sent } = effect;
    const { closed } = this.#locals[next];
    return this.#tidy({
      ...world,
      processes: closed ? world.processes.toSpliced(index, 1) : world.processes.with(index, next),
      sent: [...new Set([...world.sent, ...sent])].sort((a, b) => a - b),
    });
  }

  /** Without the messages that would be ignored from now on. */
  #tidy(world: World): World {
    const numbers = new Map<string, readonly number[]>();
    for (const number of world.processes) {
      const { life, genesis, numbers: latest } = this.#locals[number];
      if (genesis.state !== "operational") numbers.set(life, latest);
    }
    const sent = world.sent.filter((number) => {
      const message = this.#messages[number];
      if (message.kind === "answer") {
        return message.reply.type === "replaced"
          ? numbers.has(message.to)
          : numbers.get(message.to)?.includes(message.reply.id);
      }
      // A question of a second round has effects besides its answer.
      const { from, request } = message;
      const isSecond = request.type === "enquire" && request.round === 2;
      return isSecond || numbers.get(from)?.includes(request.id);
    });
    return { ...world, sent };
  }

  #effect(number: number, input: Input): Effect {
    const local = this.#locals[number];
    const inputs = [...local.inputs, input];
    const { sent, matters } = this.#run(local.first, inputs);
    const next = matters ? this.#local(local.first, inputs) : number;
    return { next, sent: sent.map((message) => this.#message(message)) };
  }

  #local(first: string, inputs: readonly Input[]): number {
    const key = `${first} ${inputs.map(showInput).join(", ")}`;
    let number = this.#localNumbers.get(key);
    if (number === undefined) {
      const { process, ticks } = this.#run(first, inputs);
      const { life, genesis, pull, round, first: firstRound, closed } = process;
      const numbers = [pull, round, firstRound];
      number = this.#locals.length;
      const isResumed = first.includes("<");
      this.#locals.push({ first, inputs, life, genesis, isResumed, ticks, numbers, closed });
      this.#localNumbers.set(key, number);
    }
    return number;
  }

  #message(message: Message): number {
    const key = `${message.to} ${showInput(message)}`;
    let number = this.#messageNumbers.get(key);
    if (number === undefined) {
      number = this.#messages.length;
      this.#messages.push(message);
      this.#messageNumbers.set(key, number);
    }
    return number;
  }

  /** The state of a process after these inputs; `sent` and `matters` concern the last input. */
  #run(first: string, inputs: readonly Input[]) {
    const process = this.#process(first);
    let sent: Message[] = [];
    let matters = false;
    let ticks = 0;
    for (const input of inputs) {
      if (input.kind === "tick") ticks++;
      ({ sent, matters } = process.handle(input));
    }
    return { sent, matters, ticks, process };
  }

  #process(first: string): Process {
    const { members, twinsHear } = this.#plan;
    const [life, answered] = first.split("<");
    return new Process(life, members, twinsHear, answered);
  }

  #check(world: World): void {
    const { members } = this.#plan;
    const locals = world.processes.map((number) => this.#locals[number]);
    const told = () => locals.map(showLocal).join("\n");
    const voters = new Map<string, Set<string>>();
    for (const { genesis, life } of locals) {
      const { state, record } = genesis;
      if (state !== "operational") continue;
      if (!record!.lives.includes(life)) throw new Error(`${life} is not in its record\n${told()}`);
      const of = voters.get(record!.id) ?? new Set();
      voters.set(record!.id, of.add(life[0]));
    }
    const strong = [...voters.values()].filter(({ size }) => size >= majority(members.length));
    if (strong.length > 1) throw new Error(`two records have a majority each\n${told()}`);
    this.#heal(world);
  }

  /** From here on no process crashes, each member has only its latest process, and no message is lost. */
  #heal(world: World): void {
    const { members } = this.#plan;
    const latest = new Map<string, Process>();
    for (const number of world.processes) {
      const { first, inputs, life } = this.#locals[number];
      const known = latest.get(life[0]);
      if (known !== undefined && known.life > life) continue;
      const process = this.#process(first);
      for (const input of inputs) process.handle(input);
      latest.set(life[0], process);
    }
    const all = [...latest.values()];
    if (all.length < members.length) return;
    for (let round = 0; round < 20; round++) {
      if (all.every(({ genesis }) => genesis.state === "operational")) break;
      for (const process of all) exchange(process, latest);
    }
    const records = new Set(all.map(({ genesis }) => genesis.record?.id));
    if (records.size === 1 && all.every(({ genesis }) => genesis.state === "operational")) return;
    const before = world.processes.map((number) => showLocal(this.#locals[number]));
    const after = all.map(({ life, genesis }) => `${life} ${genesis.state} ${genesis.record?.id}`);
    throw new Error(["stuck for ever", ...before, "ends as", ...after].join("\n"));
  }
}

/** Asks all others, and asks again as their answers require, until nothing is left to ask. */
function exchange(process: Process, processes: ReadonlyMap<string, Process>): void {
  const { sent } = process.handle({ kind: "tick" });
  for (let message = sent.shift(); message !== undefined; message = sent.shift()) {
    const to = message.kind === "question" ? processes.get(message.to)! : process;
    if (message.kind === "answer" && message.to !== process.life) continue;
    if (message.kind === "question" && to === process) continue;
    sent.push(...to.handle(message).sent);
  }
  process.settle([...processes.values()].filter((other) => other !== process));
}

function showLocal({ life, genesis, inputs }: Local): string {
  const { state, record } = genesis;
  return `${life} ${state} under ${record?.id}: ${inputs.map(showInput).join(", ")}`;
}

function keyOf({ processes, pending, sent }: World): string {
  return `${[...processes].sort((a, b) => a - b)}|${pending}|${sent}`;
}
