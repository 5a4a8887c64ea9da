import { type Result, SynodError } from "../../errors.ts";
import { type Limits, Operation } from "../runtime/operation.ts";
import type { Runtime } from "../runtime/runtime.ts";

/** Operations under way in one node; more are refused with `queue_full`, so that memory is bounded. */
const MAX_OPERATIONS = 1_000_000;

/** The operations under way in one node, so that they can be ended together. */
export class Operations {
  readonly #runtime: Runtime;
  readonly #underWay = new Set<Operation<unknown>>();
  /** The error with which every operation fails, once there is one. */
  #fatal: SynodError | undefined;
  #closed = false;

  /** A set without operations. */
  constructor(runtime: Runtime) {
    this.#runtime = runtime;
  }

  /** The error with which every operation fails, if there is one. */
  get fatal(): SynodError | undefined {
    return this.#fatal;
  }

  /** Whether operations that begin now end with `closed`. */
  get isClosed(): boolean {
    return this.#closed;
  }

  /** The number of operations under way. */
  get size(): number {
    return this.#underWay.size;
  }

  /** Begins an operation that ends with the error of `late` at its deadline, and at once after `fail` or `close`. */
  begin<T>(limits: Limits, late: () => Error = noQuorum): Operation<T> {
    const operation = new Operation<T>(this.#runtime, limits, this.#underWay, late);
    if (this.#fatal !== undefined) operation.reject(this.#fatal);
    else if (this.#closed) operation.reject(new SynodError("closed", "The node is closed"));
    else if (this.#underWay.size > MAX_OPERATIONS) operation.reject(tooMany());
    return operation;
  }

  /** Ends all operations under way, and all that begin later, with `error`. */
  fail(error: SynodError): void {
    this.#fatal = error;
    this.end(error);
  }

  /** Operations that begin later end with `closed`. */
  close(): void {
    this.#closed = true;
  }

  /** New operations may succeed again. */
  recover(): void {
    this.#fatal = undefined;
  }

  /** Ends all operations under way with `error`. */
  end(error: SynodError): void {
    for (const operation of [...this.#underWay]) operation.reject(error);
  }
}

function tooMany(): SynodError {
  return new SynodError("queue_full", `${MAX_OPERATIONS} operations are under way already`);
}

/** The error of an operation that found no quorum in time. */
export function noQuorum(): SynodError {
  return new SynodError("no_quorum", "No quorum of the members answered in time");
}

/** Turns the error of an operation without a quorum into a result; throws all others. */
export function noQuorumResult(error: unknown): Result<never, "no_quorum"> {
  if (error instanceof SynodError && error.code === "no_quorum") {
    return { ok: false, error: "no_quorum" };
  }
  throw error;
}
