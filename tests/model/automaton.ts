import { fingerprint } from "./fingerprint.ts";
import type { Paxos } from "./paxos.ts";
import type { Pool } from "./pool.ts";

/** A part of the system: what it does depends on nothing but what it was given so far. */
export interface Actor<Input, Output> {
  handle(input: Input): Output[];
}

/** What an automaton is made of. */
export interface AutomatonOptions<Input, Output, Attributes> {
  /** Makes the actor that nothing has happened to, with machines of this kind. */
  readonly make: (paxos: Paxos) => Actor<Input, Output>;
  readonly shipping: Paxos;
  /** The same machines with their private fields in view. */
  readonly opened: Paxos;
  /** What need not be written down to tell states apart. */
  readonly constants: ReadonlyMap<unknown, string>;
  readonly inputs: Pool<Input>;
  /** Puts the numbers that the actor knows in place of the codes that stand for them in `input`. */
  readonly decode: (input: Input, numbers: ReadonlyMap<string, number>) => Input;
  /** The other way round, for what the actor says; `places` gives the place of a number. */
  readonly encode: (output: Output, places: ReadonlyMap<number, string>) => Output;
  /** What others need to know of a state. */
  readonly describe: (actor: Actor<Input, Output>) => Attributes;
}

/** What an input does. */
export interface Transition<Output> {
  readonly next: number;
  readonly outputs: readonly Output[];
  /**
   * Where the question numbers are kept now, of those that are not kept where they were; `null`: it is
   * forgotten. `null` in place of the map: all are where they were.
   */
  readonly moved: ReadonlyMap<string, string | null> | null;
}

/** An actor twice: the machines that ship, and their opened twins to look into. */
interface Pair<Input, Output> {
  readonly shipping: Actor<Input, Output>;
  readonly opened: Actor<Input, Output>;
}

/** A state, and what happened there. */
interface Origin<Input> {
  readonly before: number;
  readonly input: number;
  /** The same input as the actor got it. */
  readonly decoded: Input;
}

interface State<Input, Output, Attributes> {
  /** How to come here; `null` for the first one. */
  readonly origin: Origin<Input> | null;
  readonly numbers: ReadonlyMap<string, number>;
  readonly attributes: Attributes;
  readonly transitions: Map<number, Transition<Output>>;
  /** The actor in this state, as long as nobody has used it to go on. */
  pair: Pair<Input, Output> | null;
}

/**
 * All states of one actor that were asked for so far, each with a number; 0 is the first. A transition is
 * found by bringing a new actor to the state (by what happened on the way there) and giving it the
 * input: once, then it is remembered. So a search through the states of the whole system, in which the same
 * few states of its parts come up again and again, hardly ever runs the machines themselves.
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

  /** How many states are known. */
  get size(): number {
    return this.#states.length;
  }

  /** How many transitions were found by running the machines. */
  get transitions(): number {
    return this.#transitions;
  }

  /** What others need to know of a state. */
  attributes(state: number): Attributes {
    return this.#states[state].attributes;
  }

  /** Whether the actor remembers a question number at `place`. */
  keeps(state: number, place: string): boolean {
    return this.#states[state].numbers.has(place);
  }

  /** What an input does in a state. */
  step(state: number, input: number): Transition<Output> {
    const { transitions } = this.#states[state];
    let transition = transitions.get(input);
    if (transition === undefined) {
      transition = this.#run(state, input);
      transitions.set(input, transition);
    }
    return transition;
  }

  /** The state that the same history leads to if each input is replaced. */
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

  /** The state that `pair` is in, which is new or known, and the numbers that `pair` remembers. */
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

  /** What happened on the way to this state. */
  #path(number: number): Origin<Input>[] {
    const path: Origin<Input>[] = [];
    let { origin } = this.#states[number];
    for (; origin !== null; origin = this.#states[origin.before].origin) path.push(origin);
    return path.reverse();
  }
}

const NO_CONSTANTS: ReadonlyMap<unknown, string> = new Map();

/** Gives an input to both; they have to say the same, or the twin shows nothing. */
function handle<Input, Output>({ shipping, opened }: Pair<Input, Output>, input: Input): Output[] {
  const outputs = shipping.handle(input);
  const twins = opened.handle(input);
  const said = fingerprint(outputs, NO_CONSTANTS).text;
  const twinSaid = fingerprint(twins, NO_CONSTANTS).text;
  if (said !== twinSaid) throw new Error(`said ${said}, but the opened twin ${twinSaid}`);
  return outputs;
}
