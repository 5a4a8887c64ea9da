import type { KeptState } from "../../../lib/paxos/state_register.ts";
import type { Machines, Paxos } from "../paxos.ts";
import { Violation } from "../past.ts";

/**
 * Instances of one singleton, one after the other, with one state. None of them notices that the next one has taken
 * its place: each goes on until a rule ends it. The register is one that always agrees, with writes that fail: each may
 * yet be chosen, until another one is.
 */
export interface StateScope {
  readonly name: string;
  /** The number of instances. */
  readonly instances: number;
  /** Whether each instance writes twice, or once. */
  readonly writes: 1 | 2;
  /** Whether instances may remove the state and end. */
  readonly forget: boolean;
  /** How many writes may fail. */
  readonly failures: number;
  /** What a broken host does. */
  readonly broken?: Broken;
}

/** Faults that are not in the machines that ship. */
export type Broken =
  | "an instance does not look whether it is the present one"
  | "an instance looks before it opens the state"
  | "an instance that finds the state open does not write";

/**
 * An instance: whether it has opened the state, has looked at the register of the singleton after that, removes the
 * state, or has ended.
 */
interface Instance {
  readonly step: "new" | "open" | "sure" | "leaving" | "ended";
  /** Its writes so far. */
  readonly written: number;
  readonly looked: boolean;
}

interface Write {
  /** The number of the instance, from 1: its token. */
  readonly by: number;
  readonly kind: "open" | "write" | "forget";
  readonly next: KeptState | null;
}

interface State {
  /** The state that is chosen; `null`: absent. */
  readonly chosen: KeptState | null;
  /** Writes over the chosen state that failed, and may yet be chosen. */
  readonly pending: readonly Write[];
  readonly failures: number;
  /** The instance that the register of the singleton names; 0 before the first one. */
  readonly present: number;
  readonly instances: readonly Instance[];
  /** The last instance that has opened the state. */
  readonly opened: number;
}

/** The result of a search. */
export interface StatesFound {
  readonly states: number;
  readonly transitions: number;
  /** The violation, with a shortest path to it. */
  readonly violation: string | null;
}

type Step = readonly [text: string, make: () => State];

/** Searches all states of a scope, breadth first. */
export class StatesWorld {
  readonly #scope: StateScope;
  readonly #paxos: Paxos;

  /** The world of a scope, with these machines. */
  constructor(scope: StateScope, { opened }: Machines) {
    this.#scope = scope;
    this.#paxos = opened;
  }

  /** Searches until all states are known or one violates a rule. */
  search(limit = Infinity): StatesFound {
    const fresh: Instance = { step: "new", written: 0, looked: false };
    const instances = Array.from({ length: this.#scope.instances }, () => fresh);
    const none = { chosen: null, pending: [], failures: 0, present: 0, opened: 0 };
    const paths = new Map<string, string>();
    const states: State[] = [{ ...none, instances }];
    paths.set(textOf(states[0]), "");
    let transitions = 0;
    for (const state of states) {
      if (states.length > limit) throw new RangeError(`more than ${limit} states`);
      const path = paths.get(textOf(state));
      for (const [text, make] of this.#steps(state)) {
        try {
          const next = make();
          transitions++;
          const key = textOf(next);
          if (paths.has(key)) continue;
          paths.set(key, `${path}${text}\n`);
          states.push(next);
        } catch (error) {
          if (!(error instanceof Violation)) throw error;
          const violation = `${path}${text}\nVIOLATION: ${error.message}`;
          return { states: states.length, transitions, violation };
        }
      }
    }
    return { states: states.length, transitions, violation: null };
  }

  *#steps(state: State): Generator<Step> {
    const { present, instances, pending } = state;
    if (present < instances.length) {
      const next = { ...state, present: present + 1 };
      yield [`instance ${present + 1} takes the singleton`, () => next];
    }
    for (const write of pending) {
      const text = `a failed ${write.kind} of ${write.by} is chosen`;
      yield [text, () => this.#choose(state, write)];
    }
    for (let by = 1; by <= present; by++) yield* this.#acts(state, by);
  }

  *#acts(state: State, by: number): Generator<Step> {
    const { instances, present, chosen } = state;
    const { writes, forget, broken } = this.#scope;
    const { step, written, looked } = instances[by - 1];
    const looksFirst = broken === "an instance looks before it opens the state";
    if (step === "ended") return;
    const look = () =>
      by === present ? become(state, by, { looked: true }) : this.#replaced(state, by);
    if (step === "new") {
      if (looksFirst && !looked) return yield [`${by} looks`, look];
      const isThere = chosen !== null &&
        broken === "an instance that finds the state open does not write";
      if (isThere) return yield [`${by} finds it`, () => become(state, by, { step: "open" })];
      const next = this.#paxos.openState(chosen, by);
      return yield* this.#writes(state, { by, kind: "open", next }, next === null);
    }
    if (step === "open") {
      const trusts = looksFirst ||
        broken === "an instance does not look whether it is the present one";
      if (trusts || looked) {
        return yield [`${by} is sure`, () => become(state, by, { step: "sure" })];
      }
      return yield [`${by} looks`, look];
    }
    if (written < writes && step !== "leaving") {
      const next = this.#paxos.writeState(chosen, by, new Uint8Array([by, written + 1]));
      yield* this.#writes(state, { by, kind: "write", next }, next === null);
    }
    if (forget) {
      const isRefused = !this.#paxos.mayForget(chosen, by);
      if (isRefused) {
        yield [`${by} has nothing to forget`, () => become(state, by, { step: "ended" })];
      } else yield* this.#writes(state, { by, kind: "forget", next: null }, false);
    }
  }

  /** A write that succeeds, or is refused, and one that fails and may yet be chosen. */
  *#writes(state: State, write: Write, isRefused: boolean): Generator<Step> {
    const { by, kind } = write;
    if (isRefused) {
      return yield [`the ${kind} of ${by} is refused`, () => this.#replaced(state, by)];
    }
    yield [`${by}: ${kind}`, () => this.#done(this.#choose(state, write), by, kind)];
    const { failures, pending } = state;
    const isThere = pending.some((one) => JSON.stringify(one) === JSON.stringify(write));
    if (failures >= this.#scope.failures || isThere) return;
    const failed = { ...state, pending: [...pending, write], failures: failures + 1 };
    // It ends once the state is removed, and writes nothing more.
    const after = kind === "forget" ? become(failed, by, { step: "leaving" }) : failed;
    yield [`${by}: ${kind}, and that fails`, () => after];
  }

  #done(state: State, by: number, kind: Write["kind"]): State {
    const { written } = state.instances[by - 1];
    switch (kind) {
      case "open":
        return become(state, by, { step: "open" });
      case "write":
        return become(state, by, { written: written + 1 });
      case "forget":
        return become(state, by, { step: "ended" });
    }
  }

  /** Ends an instance that is not the present one any more. */
  #replaced(state: State, by: number): State {
    if (by === state.present) throw new Violation(`${by} is the present instance, and is ended`);
    return become(state, by, { step: "ended" });
  }

  #choose(state: State, { by, kind, next }: Write): State {
    const { chosen, opened } = state;
    if (kind !== "open" && by < opened) {
      throw new Violation(`a ${kind} of ${by} takes effect after ${opened} has opened the state`);
    }
    if (kind === "open" && String(next?.value) !== String(chosen?.value ?? null)) {
      throw new Violation(`${by} opens the state, and the value is lost`);
    }
    const last = kind === "open" ? Math.max(opened, by) : opened;
    return { ...state, chosen: next, pending: [], opened: last };
  }
}

function become(state: State, by: number, more: Partial<Instance>): State {
  const instances = state.instances.with(by - 1, { ...state.instances[by - 1], ...more });
  return { ...state, instances };
}

function textOf(state: State): string {
  return JSON.stringify(state);
}
