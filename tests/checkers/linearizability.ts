/**
 * Finds an order of the operations that explains every result and agrees with real time.
 *
 * The search is that of Wing and Gong (*Testing and Verifying Concurrent Objects*, 1993) with the
 * cache of Lowe (*Testing for Linearizability*, 2017): depth first over configurations, each of
 * which is visited once. The handling of operations with unknown outcome is new; see
 * {@linkcode findLinearization}.
 *
 * @module
 */

/** The time of an operation, on one clock for the whole history. */
export interface Timed {
  /** The time of the call. */
  readonly call: number;
  /** The time of the return; `Infinity` if the outcome is unknown: it takes effect at any time, or never. */
  readonly return: number;
}

/** The sequential specification of the object. */
export interface Model<State, Operation extends Timed> {
  readonly initial: State;
  /**
   * The possible states after `operation`, with its result, took effect in `state`. Empty if the
   * result is impossible in that state.
   */
  apply(state: State, operation: Operation): readonly State[];
  /** Two states with the same key behave the same from then on. */
  key(state: State): string;
  /**
   * Whether the operation only reads: every continuation after it is also possible without it. If such
   * an operation fits and changes nothing, the search takes it at once and tries no alternative.
   */
  onlyLooks?(operation: Operation): boolean;
  /**
   * Unknown operations of the same kind have the same effect on every state, so they are
   * interchangeable: the search uses them in the order of their calls. `undefined`: a kind of its own.
   */
  kind?(operation: Operation): string | undefined;
}

/** An order that explains the history, or the longest attempt at one. */
export type Linearization<State, Operation> =
  & {
    /** Number of configurations that the search visited. */
    readonly configurations: number;
  }
  & ({ readonly ok: true; readonly order: readonly Operation[] } | {
    readonly ok: false;
    /** The longest order found. */
    readonly order: readonly Operation[];
    /** The state at its end. */
    readonly state: State;
    /** The operations of which one had to come next, but none fits. */
    readonly stuck: readonly Operation[];
  });

/** The operations that have taken effect in some order, and the state that results. */
interface Configuration<State, Operation> {
  /** Every completed operation before this index (in order of their calls) took effect. */
  readonly first: number;
  /** Bit `i`: the completed operation `first + i` took effect. Bit 0 is never set. */
  readonly ahead: bigint;
  /** Bit `i`: the unknown operation `i` took effect. */
  readonly taken: bigint;
  readonly state: State;
  readonly depth: number;
  /** The operations that took effect between `parent` and this configuration. */
  readonly step: readonly Operation[];
  readonly parent: Configuration<State, Operation> | null;
}

/**
 * Looks for a linearization of `history`.
 *
 * An operation of unknown outcome is tried only right before one of known outcome (it never returned,
 * so it may take effect that late), and only where it makes a difference: of two configurations that
 * differ only in the unknown operations that they used, the one that used a subset can do everything
 * that the other can, so the other is dropped. Without this rule, k unknown writes that no operation
 * observed would cost 2^k configurations.
 *
 * @throws {RangeError} If the search takes more than `limit` configurations.
 */
export function findLinearization<State, Operation extends Timed>(
  model: Model<State, Operation>,
  history: readonly Operation[],
  limit = 200_000,
): Linearization<State, Operation> {
  const byCall = [...history].sort((a, b) => a.call - b.call);
  const completed = byCall.filter((operation) => operation.return !== Infinity);
  const unknown = byCall.filter((operation) => operation.return === Infinity);
  const alike = previousAlike(model, unknown);
  const visited = new Map<string, bigint[]>();
  let configurations = 0;
  let longest: Configuration<State, Operation> = {
    first: 0,
    ahead: 0n,
    taken: 0n,
    state: model.initial,
    depth: 0,
    step: [],
    parent: null,
  };
  const stack = [longest];
  const push = (
    parent: Configuration<State, Operation>,
    start: Start<State, Operation>,
    index: number,
    state: State,
  ) => {
    let { first, ahead } = parent;
    ahead |= 1n << BigInt(index - first);
    for (; (ahead & 1n) === 1n; first++) ahead >>= 1n;
    const { taken } = start;
    if (!admit(visited, `${first} ${ahead.toString(36)} ${model.key(state)}`, taken)) return;
    const step = [...start.step, completed[index]];
    stack.push({ first, ahead, taken, state, depth: parent.depth + 1, step, parent });
  };
  while (stack.length > 0) {
    const current = stack.pop()!;
    if (current.first === completed.length) {
      return { ok: true, order: path(current), configurations };
    }
    if (current.depth > longest.depth) longest = current;
    if (++configurations > limit) {
      throw new RangeError(`no answer after ${limit} configurations`);
    }
    const { minimal, deadline } = frontier(completed, current);
    const look = minimal.find((index) => onlyLooks(model, current.state, completed[index]));
    if (look !== undefined) {
      // If it fits anywhere later, it fits here, and the operations that would precede it still fit.
      push(current, { state: current.state, taken: current.taken, step: [] }, look, current.state);
      continue;
    }
    const starts = closure(model, unknown, alike, deadline, current);
    // In reverse, so that the stack returns them in the order of their calls.
    for (const index of minimal.reverse()) {
      for (const start of starts) {
        for (const state of model.apply(start.state, completed[index])) {
          push(current, start, index, state);
        }
      }
    }
  }
  const stuck = frontier(completed, longest).minimal.map((index) => completed[index]);
  return { ok: false, order: path(longest), state: longest.state, stuck, configurations };
}

/** Splits a history into independent parts: it is linearizable if, and only if, each part is. */
export function partitionBy<Operation, Key>(
  history: Iterable<Operation>,
  key: (operation: Operation) => Key,
): Map<Key, Operation[]> {
  const parts = new Map<Key, Operation[]>();
  for (const operation of history) {
    const part = parts.get(key(operation));
    if (part) part.push(operation);
    else parts.set(key(operation), [operation]);
  }
  return parts;
}

/**
 * The completed operations that may come next (no remaining operation returned before they were
 * called), and the earliest return among the remaining operations.
 */
function frontier<State, Operation extends Timed>(
  completed: readonly Operation[],
  { first, ahead }: Configuration<State, Operation>,
): { minimal: number[]; deadline: number } {
  const minimal: number[] = [];
  let deadline = Infinity;
  // In the order of their calls, so a later operation, which returned after its own call, does not
  // exclude one that was found before it.
  for (let index = first; index < completed.length; index++, ahead >>= 1n) {
    if (completed[index].call > deadline) break;
    if ((ahead & 1n) === 1n) continue;
    minimal.push(index);
    deadline = Math.min(deadline, completed[index].return);
  }
  return { minimal, deadline };
}

function onlyLooks<State, Operation extends Timed>(
  model: Model<State, Operation>,
  state: State,
  operation: Operation,
): boolean {
  if (!model.onlyLooks?.(operation)) return false;
  const key = model.key(state);
  return model.apply(state, operation).some((after) => model.key(after) === key);
}

/** A state, the unknown operations used to reach it, and those used since the configuration. */
interface Start<State, Operation> {
  readonly state: State;
  readonly taken: bigint;
  readonly step: readonly Operation[];
}

/** The states that unknown operations alone can reach, without those that a subset of them reaches. */
function closure<State, Operation extends Timed>(
  model: Model<State, Operation>,
  unknown: readonly Operation[],
  alike: readonly bigint[],
  deadline: number,
  { state, taken }: Configuration<State, Operation>,
): Start<State, Operation>[] {
  const found: Start<State, Operation>[] = [{ state, taken, step: [] }];
  const reached = new Map([[model.key(state), [taken]]]);
  for (const start of found) { // grows during the iteration: breadth first
    for (let i = 0; i < unknown.length && unknown[i].call <= deadline; i++) {
      const bit = 1n << BigInt(i);
      if ((start.taken & bit) !== 0n || (alike[i] & ~start.taken) !== 0n) continue;
      for (const next of model.apply(start.state, unknown[i])) {
        if (!admit(reached, model.key(next), start.taken | bit)) continue;
        found.push({ state: next, taken: start.taken | bit, step: [...start.step, unknown[i]] });
      }
    }
  }
  return found;
}

/** For each operation, the bit of the previous operation of the same kind, which must be used first. */
function previousAlike<State, Operation extends Timed>(
  model: Model<State, Operation>,
  unknown: readonly Operation[],
): bigint[] {
  const latest = new Map<string, bigint>();
  return unknown.map((operation, i) => {
    const kind = model.kind?.(operation);
    if (kind === undefined) return 0n;
    const before = latest.get(kind) ?? 0n;
    latest.set(kind, 1n << BigInt(i));
    return before;
  });
}

/** Records that `key` was reached with `taken`; returns false if a recorded subset makes it redundant. */
function admit(noted: Map<string, bigint[]>, key: string, taken: bigint): boolean {
  const before = noted.get(key);
  if (before === undefined) {
    noted.set(key, [taken]);
    return true;
  }
  if (before.some((subset) => (subset & ~taken) === 0n)) return false;
  before.push(taken);
  return true;
}

function path<State, Operation>(end: Configuration<State, Operation>): Operation[] {
  const steps: (readonly Operation[])[] = [];
  for (let at: typeof end | null = end; at !== null; at = at.parent) steps.push(at.step);
  return steps.reverse().flat();
}
