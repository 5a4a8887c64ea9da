import { Executions, type MadeCall as Made } from "./executions.ts";

/** A call of a singleton, as its caller knows it. */
export interface MadeCall {
  /** Names it among all calls. */
  readonly id: string;
  /** The key of the singleton. */
  readonly on: string;
  /** Whose calls of one key keep their order. */
  readonly caller: string;
  /**
   * Where it was executed, as it returned; `"unknown"`: it may have been executed; `"never"`: its error
   * says that it was not.
   */
  readonly outcome: Place | "unknown" | "never";
}

/** An instance, and how many calls it had executed then, with this one. */
export interface Place {
  readonly token: number;
  readonly order: number;
}

/** An instance begins to execute a call. */
export interface Execution extends Place {
  readonly id: string;
  readonly on: string;
  /** On one clock for all. */
  readonly time: number;
}

/**
 * What is wrong with the calls of singletons, in the order in which they were made: each is executed once
 * at most, in the order of its caller, and by the instance that it returned from. `executions` are, for each
 * instance, in order and without gaps.
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
