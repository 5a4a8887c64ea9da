/** A call of a singleton, as its caller knows it. */
export interface MadeCall {
  /** Names it among all calls. */
  readonly id: string;
  /** The key of the singleton. */
  readonly on: string;
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
}

/**
 * What is wrong with the calls of singletons: a call is executed once at most, and exactly once if it
 * returned, by the instance that it says. `executions` are, for each instance, in order and without gaps.
 */
export function checkCalls(
  calls: Iterable<MadeCall>,
  executions: Iterable<Execution>,
): string[] {
  const violations: string[] = [];
  const made = new Map<string, MadeCall>();
  for (const call of calls) made.set(call.id, call);
  const ran = new Map<string, Execution>();
  const orders = new Map<string, number>();
  for (const execution of executions) {
    const { id, on, order } = execution;
    const call = made.get(id);
    const before = ran.get(id);
    if (call?.on !== on) violations.push(`${show(execution)} executes ${id}, which nobody called`);
    if (before !== undefined) {
      violations.push(`${id} was executed by ${show(before)} and by ${show(execution)}`);
    }
    if (call?.outcome === "never") {
      violations.push(
        `${id} was executed by ${show(execution)}, but its caller was told it never was`,
      );
    }
    const instance = `${on} @${execution.token}`;
    const expected = (orders.get(instance) ?? 0) + 1;
    if (order !== expected) violations.push(`${show(execution)} should be call ${expected}`);
    orders.set(instance, order);
    ran.set(id, execution);
  }
  for (const { id, on, outcome } of made.values()) {
    if (typeof outcome === "string") continue;
    const execution = ran.get(id);
    if (execution?.token === outcome.token && execution.order === outcome.order) continue;
    const by = execution === undefined ? "nobody" : show(execution);
    violations.push(`${id} returned from ${show({ on, ...outcome })}, but was executed by ${by}`);
  }
  return violations;
}

function show({ on, token, order }: Place & { readonly on: string }): string {
  return `call ${order} of ${on} @${token}`;
}
