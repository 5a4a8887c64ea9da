import type { Core } from "../node/core.ts";
import { named, reasonOf } from "../trace_names.ts";
import type { TraceLock } from "../trace.ts";
import type { LockRequest } from "./lock_request.ts";

/** Reports what becomes of one request; made only while there is a listener. */
export class LockTrace {
  readonly #core: Core;
  readonly #request: LockRequest;
  readonly #lock: TraceLock;
  readonly #began: number;

  private constructor(core: Core, request: LockRequest) {
    const { register, owner: { pid }, number, mode } = request;
    this.#core = core;
    this.#request = request;
    const { key } = named(register);
    this.#lock = { key, pid, request: number, mode, label: request.label ?? null };
    this.#began = core.runtime.now();
  }

  /** Reports a request that begins; `undefined`: there is no listener. */
  static of(
    core: Core,
    request: LockRequest,
    { ifAvailable, steal }: { readonly ifAvailable: boolean; readonly steal: boolean },
  ): LockTrace | undefined {
    if (core.trace === undefined) return undefined;
    const trace = new LockTrace(core, request);
    core.trace({ type: "lock.requested", ...trace.#lock, ifAvailable, steal });
    return trace;
  }

  /** It is in the queue. */
  queued(): void {
    this.#core.trace?.({ type: "lock.queued", ...this.#lock });
  }

  /** It owns the lock, until it is released or lost. */
  granted(): void {
    const { token } = this.#request;
    const waited = this.#core.runtime.now() - this.#began;
    this.#core.trace?.({ type: "lock.granted", ...this.#lock, token, waited });
    this.#request.onOver((reason) => {
      const over = { ...this.#lock, token };
      if (reason === undefined) this.#core.trace?.({ type: "lock.released", ...over });
      else this.#core.trace?.({ type: "lock.lost", ...over, reason: reasonOf(reason) });
    });
  }

  /** It has ended without the lock, because of `error`. */
  refused(error: unknown): void {
    const reason = typeof error === "string" ? error : reasonOf(error);
    this.#core.trace?.({ type: "lock.refused", ...this.#lock, reason });
  }
}
