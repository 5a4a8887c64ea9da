import type { SynodError } from "../errors.ts";
import type { Limits, Operation } from "./runtime/operation.ts";
import type { Runtime } from "./runtime/runtime.ts";

/** The part of a node that its user-facing features need, whether or not the node proposes itself. */
export interface NodeShell {
  /** Time and randomness. */
  readonly runtime: Runtime;
  /** The longest encoded value, in bytes. */
  readonly maxValueBytes: number;
  /** The error with which later calls fail, if the node is closed. */
  readonly closed: SynodError | undefined;
  /** The error with which every operation fails at present, if there is one. */
  readonly fatal: SynodError | undefined;
  /** The session that owns what the node owns. */
  readonly session: {
    /** The session that the node has, or will have next. */
    readonly current: string;
    /** Whether `session` is this node's, granted, and its deadline has not passed: at this instant. */
    isValid(session?: string): boolean;
    /** Whether `session` may still become or stay valid. */
    isPossible(session: string): boolean;
    /** Resolves when there is a valid session; rejects with `no_quorum` at the deadline. */
    valid(limits: Limits): Promise<string>;
    /** Ends what depends on the session, if its deadline has passed. */
    check(): void;
  };
  /** The values that can never change. A guest knows none, since it has no quorum of its own. */
  readonly settled?: {
    /** That of a key in the default bucket, for the caller to keep; `undefined`: it has to be read. */
    value(key: unknown): unknown;
  };
  /** Which nodes do not answer, and why, for texts of errors; empty if all do. */
  readonly silence: string;
  /** Throws if the node is closed. */
  ensureOpen(): void;
  /** The limits of an operation that begins now and may look for a quorum for `timeout` milliseconds. */
  limits(timeout?: number, signal?: AbortSignal): Limits;
  /** Begins an operation that ends with the error of `late` at its deadline. */
  operation<T>(limits: Limits, late?: () => Error): Operation<T>;
  /** Waits `time` milliseconds; ends early, without an error, when the node closes. */
  pause(time: number): Promise<void>;
}

// The tools of the shell that features use.
export { askNode } from "./engine/ask_node.ts";
export { noQuorum, noQuorumResult } from "./engine/operations.ts";
export { checkedSignal } from "./runtime/checked_signal.ts";
export { showAs } from "./runtime/inspect.ts";
export { onAbort } from "./runtime/on_abort.ts";
export { lateness, type Limits, type Operation } from "./runtime/operation.ts";
export { LinkedList } from "./runtime/linked_list.ts";
export { PassingMap } from "./runtime/passing_map.ts";
export { RecentMap } from "./runtime/recent_map.ts";
export type { Runtime } from "./runtime/runtime.ts";
