import { Executions, type MadeCall as Made } from "./executions.ts";

/** A call of a singleton, as its caller observed it. */
export interface MadeCall {
  /** Identifies the call. */
  readonly id: string;
  /** The key of the singleton. */
  readonly on: string;
  /** The caller; its calls of one key keep their order. */
  readonly caller: string;
  /**
   * The execution that the result reports; `"unknown"`: it may have been executed; `"never"`: its error
   * proves that it was not.
   */
  readonly outcome: Place | "unknown" | "never";
}

/** An instance, and the number of calls that it had executed by then, this one included. */
export interface Place {
  readonly token: number;
  readonly order: number;
}

/** An instance begins to execute a call. */
export interface Execution extends Place {
  readonly id: string;
  readonly on: string;
  /** The time, on one clock for all events. */
  readonly time: number;
}

/**
 * Returns the violations in the calls of singletons, which are in the order in which they were made. Each
 * call is executed at most once, in the order of its caller, and by the instance that returned its result.
 * `executions` are, for each instance, in order and without gaps.
 */
export function checkCalls(
  calls: Iterable<MadeCall>,
  executions: Iterable<Execution>,
): string[] {
  const violations: string[] = [];
  const checker = new Executions((violation) => violations.push(violation));
  const made = new Map<string, { readonly made: Made; readonly call: MadeCall }>();
  for (const call of calls) {
    made.set(call.id, { call, made: checker.made(call.on, call.caller, `calls ${call.id}`) });
  }
  const orders = new Map<string, number>();
  const ran = new Map<string, Execution>();
  for (const execution of executions) {
    const { id, on, token, order, time } = execution;
    const number = made.get(id)?.made.call ?? 0;
    checker.began(number, on, token, time, false);
    const instance = `${on} @${token}`;
    const expected = (orders.get(instance) ?? 0) + 1;
    if (order !== expected) violations.push(`${instance} counts ${order}, but it is ${expected}`);
    orders.set(instance, order);
    ran.set(id, execution);
  }
  for (const { call: { id, outcome }, made: one } of made.values()) {
    if (outcome === "unknown") continue;
    if (outcome === "never") {
      checker.never(one, "what never started");
      continue;
    }
    checker.returned(one, outcome.token);
    const order = ran.get(id)?.order;
    if (order === undefined || order === outcome.order) continue;
    violations.push(
      `${one.label} was told that it was number ${outcome.order}, but it was ${order}`,
    );
  }
  checker.finish();
  return violations;
}
