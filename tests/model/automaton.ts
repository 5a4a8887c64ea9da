import { fingerprint } from "./fingerprint.ts";
import type { Paxos } from "./paxos.ts";
import type { Pool } from "./pool.ts";

/** A part of the system: its behaviour depends only on its inputs so far. */
export interface Actor<Input, Output> {
  handle(input: Input): Output[];
}

/** Options of an {@linkcode Automaton}. */
export interface AutomatonOptions<Input, Output, Attributes> {
  /** Makes an actor in its first state, with these machines. */
  readonly make: (paxos: Paxos) => Actor<Input, Output>;
  readonly shipping: Paxos;
  /** The same machines with visible private fields. */
  readonly opened: Paxos;
  /** Objects that fingerprints write by name, because they are the same in all states. */
  readonly constants: ReadonlyMap<unknown, string>;
  readonly inputs: Pool<Input>;
  /** Replaces the codes in `input` by the question numbers of the actor. */
  readonly decode: (input: Input, numbers: ReadonlyMap<string, number>) => Input;
  /** Replaces the question numbers in `output` by codes; `places` has the place of each number. */
  readonly encode: (output: Output, places: ReadonlyMap<number, string>) => Output;
  /** Returns the attributes of a state that other parts need. */
  readonly describe: (actor: Actor<Input, Output>) => Attributes;
}

/** The effect of an input. */
export interface Transition<Output> {
  readonly next: number;
  readonly outputs: readonly Output[];
  /**
   * The new places of the question numbers that have moved; `null` for a forgotten number. `null` instead of
   * the map: no number has moved.
   */
  readonly moved: ReadonlyMap<string, string | null> | null;
}

/** Two copies of an actor: with the machines that ship, and with their opened twins. */
interface Pair<Input, Output> {
  readonly shipping: Actor<Input, Output>;
  readonly opened: Actor<Input, Output>;
}

/** The state before, and the input that leads from it. */
interface Origin<Input> {
  readonly before: number;
  readonly input: number;
  /** The input in the form that the actor gets. */
  readonly decoded: Input;
}

interface State<Input, Output, Attributes> {
  /** The step that leads here; `null` for the first state. */
  readonly origin: Origin<Input> | null;
  readonly numbers: ReadonlyMap<string, number>;
  readonly attributes: Attributes;
  readonly transitions: Map<number, Transition<Output>>;
  /** The actor in this state, until a further step uses it. */
  pair: Pair<Input, Output> | null;
}

/**
 * The known states of one actor, each with a number; 0 is the first state. A transition is found by bringing
 * a new actor to the state (with the inputs on the way there) and giving it the input. Each transition is
 * found once and then remembered. A search through the states of the whole system meets the same few states
 * of its parts repeatedly, so it hardly ever runs the machines themselves.
 */
export class Automaton<Input, Output, Attributes> {
  readonly #options: AutomatonOptions<Input, Output, Attributes>;
  readonly #states: State<Input, Output, Attributes>[] = [];
  readonly #numbers = new Map<string, number>();
  #transitions = 0;

  /** An automaton with one state. */
  constructor(options: AutomatonOptions<Input, Output, Attributes>) {
    this.#options = options;
    this.#add(this.#make(), null);
  }

  /** The number of known states. */
  get size(): number {
    return this.#states.length;
  }

  /** The number of transitions found by running the machines. */
  get transitions(): number {
    return this.#transitions;
  }

  /** The attributes of a state. */
  attributes(state: number): Attributes {
    return this.#states[state].attributes;
  }

  /** Whether the actor remembers a question number at `place`. */
  keeps(state: number, place: string): boolean {
    return this.#states[state].numbers.has(place);
  }

  /** The effect of an input in a state. */
  step(state: number, input: number): Transition<Output> {
    const { transitions } = this.#states[state];
    let transition = transitions.get(input);
    if (transition === undefined) {
      transition = this.#run(state, input);
      transitions.set(input, transition);
    }
    return transition;
  }

  /** The state after the same history with each input replaced. */
  replay(state: number, replace: (input: number) => number): number {
    let at = 0;
    for (const { input } of this.#path(state)) at = this.step(at, replace(input)).next;
    return at;
  }

  #run(number: number, input: number): Transition<Output> {
    this.#transitions++;
    const { inputs, decode, encode } = this.#options;
    const state = this.#states[number];
    const pair = this.#bring(number);
    const decoded = decode(inputs.value(input), state.numbers);
    const outputs = handle(pair, decoded);
    const { next, numbers } = this.#add(pair, { before: number, input, decoded });
    const places = new Map([...numbers].map(([place, number]) => [number, place]));
    const moved = new Map<string, string | null>();
    for (const [place, number] of state.numbers) {
      const now = places.get(number) ?? null;
      if (now !== place) moved.set(place, now);
    }
    return {
      next,
      outputs: outputs.map((output) => encode(output, places)),
      moved: moved.size === 0 ? null : moved,
    };
  }

  /** The new or known state of `pair`, and the question numbers that it remembers. */
  #add(
    pair: Pair<Input, Output>,
    origin: Origin<Input> | null,
  ): { next: number; numbers: ReadonlyMap<string, number> } {
    const { text, numbers } = fingerprint(pair.opened, this.#options.constants);
    const known = this.#numbers.get(text);
    if (known !== undefined) return { next: known, numbers };
    const next = this.#states.length;
    this.#numbers.set(text, next);
    const attributes = this.#options.describe(pair.shipping);
    this.#states.push({ origin, numbers, attributes, transitions: new Map(), pair });
    return { next, numbers };
  }

  #make(): Pair<Input, Output> {
    const { make, shipping, opened } = this.#options;
    return { shipping: make(shipping), opened: make(opened) };
  }

  /** An actor in this state. */
  #bring(number: number): Pair<Input, Output> {
    const state = this.#states[number];
    const { pair } = state;
    if (pair !== null) {
      state.pair = null;
      return pair;
    }
    const fresh = this.#make();
    for (const { decoded } of this.#path(number)) {
      fresh.shipping.handle(decoded);
      fresh.opened.handle(decoded);
    }
    return fresh;
  }

  /** The steps from the first state to this one. */
  #path(number: number): Origin<Input>[] {
    const path: Origin<Input>[] = [];
    let { origin } = this.#states[number];
    for (; origin !== null; origin = this.#states[origin.before].origin) path.push(origin);
    return path.reverse();
  }
}

const NO_CONSTANTS: ReadonlyMap<unknown, string> = new Map();

/** Gives an input to both; their outputs must be equal, or the twin would not represent the original. */
function handle<Input, Output>({ shipping, opened }: Pair<Input, Output>, input: Input): Output[] {
  const outputs = shipping.handle(input);
  const twins = opened.handle(input);
  const said = fingerprint(outputs, NO_CONSTANTS).text;
  const twinSaid = fingerprint(twins, NO_CONSTANTS).text;
  if (said !== twinSaid) throw new Error(`said ${said}, but the opened twin ${twinSaid}`);
  return outputs;
}
