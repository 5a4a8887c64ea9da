import type { Model, Timed } from "./linearizability.ts";

/**
 * `put`: writes if the register is absent, and otherwise returns what is there. Every put of a
 * history writes another value, so a value names its put.
 */
export interface Put extends Timed {
  readonly type: "put";
  /** What it wants to write. */
  readonly value: string;
  /** Whether it is bound to something: only then may its value go away again. */
  readonly bound: boolean;
  /** The node that it is bound to, if to one. */
  readonly node?: string;
  /** The pid that it is bound to, if to one. */
  readonly pid?: string;
  /** What it returned; left out if its outcome is unknown. */
  readonly result?: { readonly value: string; readonly token?: number };
}

/** Anything that looks at a register: each field that is there is something that it saw. */
export interface Read extends Timed {
  readonly type: "read";
  /** Whether something was there; left out if it did not learn that. */
  readonly present?: boolean;
  readonly value?: string;
  readonly token?: number;
  /** The node that what was there is bound to; `null`: nothing there, or not bound to a node. */
  readonly node?: string | null;
  /** The same for a pid. */
  readonly pid?: string | null;
}

/** One operation on one register. */
export type RegisterOperation = Put | Read;

/** What a register holds. */
export interface RegisterState {
  /** The put that wrote the present value, or `null`. */
  readonly present: Put | null;
  /** The present token, once somebody saw it. */
  readonly token: number | null;
  /** The highest token seen before the present one, which must be greater. */
  readonly above: number;
}

/**
 * A register of the KV: put-once, with values that may be released by what they are bound to; for one
 * `history`.
 *
 * A release is nobody's operation. A bound value may go at any moment, so the model lets it go right
 * before the operation that needs it gone; an unbound one stays for ever. Whatever comes after it has
 * a greater token, and a value that went never comes back, since its put happened.
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

    // A release that a read was taken to prove could as well be proved by what follows it.
    onlyLooks: (operation) =>
      operation.type === "read" ||
      (operation.result !== undefined && operation.result.value !== operation.value),

    kind: (operation) => operation.type === "put" ? nameOf(operation) : undefined,
  };
}

/**
 * What tells the value of a put from others: the value itself if anybody saw it, and otherwise only
 * what somebody could still see of it: whether it goes away, and what it is bound to.
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

/** The state itself, and the one after the release of its value if that may happen. */
function withRelease(state: RegisterState): RegisterState[] {
  if (!state.present?.bound) return [state];
  return [state, { present: null, token: null, above: state.token ?? state.above }];
}

function put(state: RegisterState, operation: Put): RegisterState | null {
  const { result, value } = operation;
  if (result === undefined || result.value === value) {
    if (state.present !== null) return null; // found something, so it cannot have written
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

/** The state, with what is known now that somebody saw this token (if anybody did). */
function observe(state: RegisterState, token: number | undefined): RegisterState | null {
  if (token === undefined || token === state.token) return state;
  return state.token === null && token > state.above ? { ...state, token } : null;
}
