import { Violation } from "./past.ts";

/** A step: its text, a function that makes the state after it (`null`: it changes nothing), and whether it is a fault. */
export type Step<State> = [text: string, make: () => State | null, isFault?: boolean];

/** The result of a search. */
export interface Found {
  readonly states: number;
  readonly transitions: number;
  /** The violation, with a shortest path to it. */
  readonly violation: string | null;
}

/** Searches all states that can be reached from a first one, breadth first. */
export class Breadth<State> {
  /** All states, in the order in which they were found. */
  readonly states: State[] = [];
  /** Pairs of numbers of states, the second of which follows the first without a fault. */
  readonly ways: number[] = [];
  readonly #steps: (state: State) => Iterable<Step<State>>;
  readonly #textOf: (state: State) => string;
  readonly #texts: string[] = [];
  readonly #origins: number[] = [];
  readonly #known = new Map<string, number>();
  #transitions = 0;

  /** `steps`: all possible steps; `textOf`: the same text for the same states alone. */
  constructor(
    first: State,
    steps: (state: State) => Iterable<Step<State>>,
    textOf: (state: State) => string,
  ) {
    this.#steps = steps;
    this.#textOf = textOf;
    this.#add(textOf(first), first, "", -1);
  }

  /** Searches until all states are known, or a step throws a {@linkcode Violation}. `keepsWays`: notes all ways. */
  search(limit: number, keepsWays = false): Found {
    for (let at = 0; at < this.states.length; at++) {
      if (this.states.length > limit) throw new RangeError(`more than ${limit} states`);
      let what = "";
      try {
        for (const [text, make, isFault] of this.#steps(this.states[at])) {
          what = text;
          const next = make();
          if (next === null) continue;
          this.#transitions++;
          const key = this.#textOf(next);
          const number = this.#known.get(key) ?? this.#add(key, next, text, at);
          if (keepsWays && isFault !== true && number !== at) this.ways.push(at, number);
        }
      } catch (error) {
        if (!(error instanceof Violation)) throw error;
        return this.found([...this.path(at), what, `VIOLATION: ${error.message}`]);
      }
    }
    return this.found(null);
  }

  /** The result with a violation that a path leads to, or without one. */
  found(path: readonly string[] | null): Found {
    const { states } = this;
    const violation = path === null ? null : path.join("\n");
    return { states: states.length, transitions: this.#transitions, violation };
  }

  /** The texts of the steps of a shortest path to a state. */
  path(at: number): string[] {
    const path: string[] = [];
    for (let place = at; place > 0; place = this.#origins[place]) path.unshift(this.#texts[place]);
    return path;
  }

  #add(key: string, state: State, text: string, origin: number): number {
    const number = this.states.length;
    this.#known.set(key, number);
    this.states.push(state);
    this.#texts.push(text);
    this.#origins.push(origin);
    return number;
  }
}

/**
 * The number of a state from which no state of `reached` follows; -1: there is none. `ways`: pairs of numbers of states,
 * the second of which follows the first.
 */
export function findStuck(reached: readonly boolean[], ways: readonly number[]): number {
  const into: number[][] = reached.map(() => []);
  for (let i = 0; i < ways.length; i += 2) into[ways[i + 1]].push(ways[i]);
  const leads = [...reached];
  const next = [...leads.keys()].filter((number) => leads[number]);
  for (const number of next) {
    for (const before of into[number]) {
      if (leads[before]) continue;
      leads[before] = true;
      next.push(before);
    }
  }
  return leads.indexOf(false);
}

/**
 * The state after the steps of a script: the beginnings of their texts, in their order. Behind `…` is the end of such a
 * text.
 */
export function scripted<State>(
  first: State,
  script: readonly string[],
  steps: (state: State) => Iterable<Step<State>>,
): State {
  let state = first;
  for (const wanted of script) {
    const [beginning, end = ""] = wanted.split("…");
    let after: State | null = null;
    for (const [text, make] of steps(state)) {
      if (!text.startsWith(beginning) || !text.endsWith(end)) continue;
      after = make();
      if (after !== null) break;
    }
    if (after === null) {
      const possible = [...steps(state)].map(([text]) => text).join("\n");
      throw new Error(`no step is ${wanted} among\n${possible}`);
    }
    state = after;
  }
  return state;
}
