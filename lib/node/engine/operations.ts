import { type Result, SynodError } from "../../errors.ts";
import { LinkedList } from "../runtime/linked_list.ts";
import { type Limits, Operation } from "../runtime/operation.ts";
import type { Runtime } from "../runtime/runtime.ts";

/** Operations under way in one node; more are refused with `queue_full`, so that memory is bounded. */
const MAX_OPERATIONS = 1_000_000;

/** The operations under way in one node, so that they can be ended together. */
export class Operations {
  readonly #runtime: Runtime;
  readonly #underWay = new LinkedList<Operation<unknown>>();
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
    for (const operation of this.#underWay.values()) operation.reject(error);
  }
}

function tooMany(): SynodError {
  return new SynodError("queue_full", `${MAX_OPERATIONS} operations are under way already`);
}

/** The error of an operation that found no quorum in time; `silence` says which members do not answer. */
export function noQuorum(silence = ""): SynodError {
  const why = silence === "" ? "" : `: ${silence}`;
  return new SynodError("no_quorum", `No quorum of the members answered in time${why}`);
}

/**
 * Turns the error of an operation without a quorum into a result; throws all others. Its `reason` is not enumerable:
 * programs compare these results with `{ ok: false, error: "no_quorum" }`, and the text names nodes and times.
 */
export function noQuorumResult(error: unknown): Result<never, "no_quorum"> {
  if (error instanceof SynodError && error.code === "no_quorum") {
    const reason = { value: error.message };
    return Object.defineProperty({ ok: false, error: "no_quorum" }, "reason", reason);
  }
  throw error;
}
