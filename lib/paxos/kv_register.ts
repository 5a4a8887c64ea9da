import type { Cause } from "./endings.ts";
import type { CurrentState, Decision, RegisterChange } from "./change.ts";
import type { Binding, OperationId, Pid, Present, SessionId } from "./register.ts";

/** A put under way: what it writes, and the history of its attempts. */
export interface Put {
  /** The operation that writes it. */
  readonly op: OperationId;
  /** The encoded value. */
  readonly value: Uint8Array;
  /** What the life of the value is bound to. */
  readonly bindings: readonly Binding[];
  /** The sessions that it depends on. */
  readonly owners: readonly SessionId[];
  /** Whether another node can end one of its bindings while its writer lives. */
  readonly endedByOthers: boolean;
  /** The counter of the first `accept` that carried its write; `undefined` before that. */
  firstAccept?: number;
}

/** The result of one attempt of a put. */
export type PutResult =
  /** Its value is present, written by this attempt or by an earlier one. */
  | { readonly kind: "written"; readonly token: number }
  /** The value of another put is present. */
  | { readonly kind: "found"; readonly state: Present }
  /** Its write may have been chosen and released meanwhile: that cannot be determined. */
  | { readonly kind: "unknown" }
  /** Its owner has ended meanwhile, so it must not write any more. */
  | { readonly kind: "lapsed" };

/**
 * Sets a register that is absent, and otherwise leaves it as it is. `ended` are the tokens of states with a
 * binding that is known to have ended: these are replaced as if they were absent. `mayWrite` returns at the
 * moment of writing whether the local bindings of the value are still alive.
 */
export function putChange(
  put: Put,
  ended: ReadonlySet<number>,
  mayWrite: () => boolean,
): RegisterChange<PutResult> {
  return ({ state, token, ballot }: CurrentState) => {
    // The order of these tests is part of the protocol. A retried put takes effect once.
    if (state?.present && state.op === put.op) {
      return { draft: null, result: { kind: "written", token: state.token } };
    }
    if (put.firstAccept !== undefined && (put.endedByOthers || !mayWrite())) {
      // Its local bindings may have ended, and others may have sealed its value. If the write was never chosen,
      // no other write can have replaced it: only a state at or above the counter of the first `accept` can
      // hide it.
      const since = state?.present ? state.over : token;
      if (since >= put.firstAccept) return { draft: null, result: { kind: "unknown" } };
    }
    if (state?.present && !ended.has(state.token)) {
      return { draft: null, result: { kind: "found", state } };
    }
    if (!mayWrite()) return { draft: null, result: { kind: "lapsed" } };
    const { op, value, bindings, owners } = put;
    return {
      draft: { present: true, op, value, bindings, owners },
      result: { kind: "written", token: ballot.counter },
    };
  };
}

/** Changes nothing; used to read by a proposal. */
export const identity: RegisterChange<void> = (): Decision<void> => ({
  draft: null,
  result: undefined,
});

/** Releases the state with this token, of which a binding has ended. */
export function sealChange(token: number): RegisterChange<void> {
  return ({ state }) => {
    const ended = state?.present === true && state.token === token;
    return { draft: ended ? { present: false } : null, result: undefined };
  };
}

/**
 * Releases a state that ends with `cause`, which has happened; also a state that the sealer did not see before.
 */
export function sealEndedChange(cause: Cause): RegisterChange<void> {
  return ({ state }) => {
    const ended = state?.present === true && endsWith(state, cause);
    return { draft: ended ? { present: false } : null, result: undefined };
  };
}

function endsWith({ bindings }: Present, cause: Cause): boolean {
  return bindings.some((binding) => {
    switch (cause.kind) {
      case "until":
        return binding.kind === "until" && binding.time <= cause.time;
      case "session":
        return (binding.kind === "node" && binding.session === cause.session) ||
          (binding.kind === "pid" && binding.pid.session === cause.session);
      case "key":
        return binding.kind === "key" && binding.register === cause.register &&
          binding.token === cause.token;
    }
  });
}

/** Releases a state that is bound to `pid`, which has exited. */
export function releaseChange(pid: Pid): RegisterChange<void> {
  return ({ state }) => {
    const bound = state?.present === true &&
      state.bindings.some((binding) => binding.kind === "pid" && samePid(binding.pid, pid));
    return { draft: bound ? { present: false } : null, result: undefined };
  };
}

/** Whether both name the same owner. */
export function samePid(a: Pid, b: Pid): boolean {
  return a.session === b.session && a.seq === b.seq;
}

/** Shared by all states without bindings. */
export const NO_BINDINGS: readonly Binding[] = Object.freeze([]);
/** Shared by the same states. */
export const NO_OWNERS: readonly SessionId[] = Object.freeze([]);

/** The sessions that a state with these bindings depends on. */
export function ownersOf(bindings: readonly Binding[]): readonly SessionId[] {
  if (bindings.length === 0) return NO_OWNERS;
  const owners = new Set<SessionId>();
  for (const binding of bindings) {
    if (binding.kind === "pid") owners.add(binding.pid.session);
    if (binding.kind === "node") owners.add(binding.session);
  }
  return [...owners];
}

/** Whether another node than that with `session` can end one of the bindings while that node lives. */
export function endedByOthers(bindings: readonly Binding[], session: SessionId | null): boolean {
  return bindings.some((binding) => {
    if (binding.kind === "pid") return binding.pid.session !== session;
    if (binding.kind === "node") return binding.session !== session;
    return true;
  });
}
