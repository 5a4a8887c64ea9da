import type { Finder } from "./finder.ts";
import type { Limits, Runtime } from "../node/shell.ts";
import type { InstanceLocation } from "./instance_locations.ts";
import type { Attempted, AttemptOutcome, Outbound } from "./outbound.ts";
import type { Target } from "./remote.ts";

/** Calls of guests, which number their attempts themselves: the node is only their gateway (section 13). */
export class GuestCalls {
  readonly #runtime: Runtime;
  readonly #finder: Finder;
  readonly #outbound: Outbound;

  /** Finds instances with `finder`, and sends attempts with `outbound`. */
  constructor(runtime: Runtime, finder: Finder, outbound: Outbound) {
    this.#runtime = runtime;
    this.#finder = finder;
    this.#outbound = outbound;
  }

  /** Where the instance runs; with `start`, starts it if it does not run. `null`: it does not run. */
  async place(target: Target, start: boolean, limits: Limits): Promise<InstanceLocation | null> {
    if (!start) return await this.#finder.find(target, { limits, start });
    const isWanted = () => this.#runtime.now() < limits.deadline && limits.signal?.aborted !== true;
    return await this.#finder.findOrStart(target, [], isWanted);
  }

  /** Makes one attempt; it is executed at most once. */
  async attempt(call: Attempted, limits: Limits, begun: () => void): Promise<AttemptOutcome> {
    return await this.#outbound.attempt(call, limits, begun);
  }

  /** Sends an attempt once without waiting for an answer. */
  attemptOnce(call: Attempted): void {
    this.#outbound.attemptOnce(call);
  }
}
