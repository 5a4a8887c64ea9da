import type { Model, Timed } from "./linearizability.ts";

/**
 * `put`: writes if the register is absent, and otherwise returns the present value. Every put of a
 * history writes a different value, so a value identifies its put.
 */
export interface Put extends Timed {
  readonly type: "put";
  /** The value to write. */
  readonly value: string;
  /** Whether the value has a binding: only then may it disappear. */
  readonly bound: boolean;
  /** The node to which the value is bound, if any. */
  readonly node?: string;
  /** The pid to which the value is bound, if any. */
  readonly pid?: string;
  /** The result; absent if the outcome is unknown. */
  readonly result?: { readonly value: string; readonly token?: number };
}

/** An operation that reads a register: each field that is present is an observation. */
export interface Read extends Timed {
  readonly type: "read";
  /** Whether a value was present; absent if not observed. */
  readonly present?: boolean;
  readonly value?: string;
  readonly token?: number;
  /** The node to which the value is bound; `null`: no value, or not bound to a node. */
  readonly node?: string | null;
  /** The same for a pid. */
  readonly pid?: string | null;
}

/** One operation on one register. */
export type RegisterOperation = Put | Read;

/** The state of a register. */
export interface RegisterState {
  /** The put that wrote the present value, or `null`. */
  readonly present: Put | null;
  /** The current token, once it was observed. */
  readonly token: number | null;
  /** The highest token observed before; the current one must be greater. */
  readonly above: number;
}

/**
 * A register of the KV: set once, with values that may be released when their binding ends; for one
 * `history`.
 *
 * A release is not an operation of the history. A bound value may disappear at any moment, so the model
 * releases it right before the operation that needs it absent; an unbound value stays. A later value has
 * a greater token, and a released value never comes back, since its put has happened.
 */
export function putOnceRegister(
  history: readonly RegisterOperation[],
): Model<RegisterState, RegisterOperation> {
  const nameOf = names(history);
  return {
    initial: { present: null, token: null, above: 0 },

    apply(state, operation) {
      const after: RegisterState[] = [];
      for (const before of withRelease(state)) {
        const next = operation.type === "put" ? put(before, operation) : read(before, operation);
        if (next !== null) after.push(next);
      }
      return after;
    },

    key: ({ present, token, above }) => `${present ? nameOf(present) : ""} ${token} ${above}`,

    // If a read proves a release, the operations after it can prove the same release.
    onlyLooks: (operation) =>
      operation.type === "read" ||
      (operation.result !== undefined && operation.result.value !== operation.value),

    kind: (operation) => operation.type === "put" ? nameOf(operation) : undefined,
  };
}

/**
 * Identifies the value of a put: by the value itself if an operation observed it, and otherwise by its
 * observable properties: whether it may disappear, and its bindings.
 */
function names(history: readonly RegisterOperation[]): (put: Put) => string {
  const seen = new Set<string | null | undefined>();
  for (const operation of history) {
    if (operation.type === "put") seen.add(operation.result?.value);
    else for (const saw of [operation.value, operation.node, operation.pid]) seen.add(saw);
  }
  const binding = (to: string | undefined) => to === undefined || seen.has(to) ? to : "unseen";
  return ({ value, bound, node, pid }) =>
    seen.has(value) ? value : `unseen ${bound} ${binding(node)} ${binding(pid)}`;
}

/** The state itself, and the state after the release of its value if that may happen. */
function withRelease(state: RegisterState): RegisterState[] {
  if (!state.present?.bound) return [state];
  return [state, { present: null, token: null, above: state.token ?? state.above }];
}

function put(state: RegisterState, operation: Put): RegisterState | null {
  const { result, value } = operation;
  if (result === undefined || result.value === value) {
    if (state.present !== null) return null; // it returned another value, so it did not write
    return observe({ present: operation, token: null, above: state.above }, result?.token);
  }
  return state.present?.value === result.value ? observe(state, result.token) : null;
}

function read(state: RegisterState, saw: Read): RegisterState | null {
  const { present } = state;
  if (saw.present !== undefined && saw.present !== (present !== null)) return null;
  if (saw.value !== undefined && saw.value !== present?.value) return null;
  if (saw.node !== undefined && saw.node !== (present?.node ?? null)) return null;
  if (saw.pid !== undefined && saw.pid !== (present?.pid ?? null)) return null;
  if (saw.token !== undefined && present === null) return null;
  return observe(state, saw.token);
}

/** The state, updated with an observed token (if there is one). */
function observe(state: RegisterState, token: number | undefined): RegisterState | null {
  if (token === undefined || token === state.token) return state;
  return state.token === null && token > state.above ? { ...state, token } : null;
}
