import type { Core } from "../node/core.ts";
import type { Finder } from "./finder.ts";
import type { Limits } from "../node/shell.ts";
import type { InstanceLocation } from "./instance_locations.ts";
import type { Attempted, AttemptOutcome, GuestAttempt, Outbound } from "./outbound.ts";
import type { Target } from "./remote.ts";

/** Calls of guests, which number their attempts themselves: the node is only their gateway (section 13). */
export class GuestCalls {
  readonly #core: Core;
  readonly #finder: Finder;
  readonly #outbound: Outbound;

  /** Finds instances with `finder`, and sends attempts with `outbound`. */
  constructor(core: Core, finder: Finder, outbound: Outbound) {
    this.#core = core;
    this.#finder = finder;
    this.#outbound = outbound;
  }

  /**
   * Where the instance runs; with `start`, starts it if it does not run. `null`: it does not run. A start may take
   * for ever: nothing more is asked of hosts when `limits` end it.
   */
  async place(target: Target, start: boolean, limits: Limits): Promise<InstanceLocation | null> {
    if (!start) return await this.#finder.find(target, { limits, start });
    const operation = this.#core.operation<InstanceLocation>(limits);
    const ended = new AbortController();
    operation.onEnd(() => ended.abort());
    this.#finder.findOrStart(target, [], () => !operation.ended, ended.signal).then(
      (location) => operation.resolve(location),
      (error) => operation.reject(error),
    );
    return await operation.promise;
  }

  /**
   * Makes one attempt; it is executed at most once. If it ends without an answer, its host is told so if
   * `isGivenUp` returns `true` then: the guest does not wait any more.
   */
  async attempt(
    call: Attempted,
    limits: Limits,
    how: GuestAttempt,
  ): Promise<AttemptOutcome> {
    return await this.#outbound.attempt(call, limits, how);
  }

  /** Sends an attempt once without waiting for an answer. */
  attemptOnce(call: Attempted): void {
    this.#outbound.attemptOnce(call);
  }
}
