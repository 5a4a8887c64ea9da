import { isWellFormed } from "../codec/text.ts";
import { show } from "../show.ts";
import { type OptionNames, refuseUnknown } from "../options.ts";
import { MAX_METHOD } from "./singleton_messages.ts";
import { isCallable } from "./remote.ts";

/** Limits of one call. */
export interface CallOptions {
  /**
   * Time limit in milliseconds. The call then rejects with a `TimeoutError`; it may have been executed.
   * Default: the node's `callTimeout`.
   */
  timeout?: number;
  /** Aborting it rejects the call with the signal's reason; the call may have been executed. */
  signal?: AbortSignal;
}

const NAMES: OptionNames<CallOptions> = { timeout: true, signal: true };

/** Checks the arguments of a call; throws a `TypeError` that says which one is wrong. */
export function checkCall(method: unknown, args: unknown, options: CallOptions): void {
  if (!isCallable(method) || method.length > MAX_METHOD || !isWellFormed(method)) {
    throw new TypeError(`call: ${show(method)} cannot be the name of a method`);
  }
  if (!Array.isArray(args)) {
    throw new TypeError(`call: args must be a list, received ${show(args)}`);
  }
  if (typeof options !== "object" || options === null) {
    throw new TypeError(`call: options must be an object, received ${show(options)}`);
  }
  refuseUnknown("call", options, NAMES);
  const { timeout, signal } = options;
  if (timeout !== undefined && !(typeof timeout === "number" && timeout >= 0)) {
    throw new TypeError(
      `call: timeout must be a number of milliseconds, received ${show(timeout)}`,
    );
  }
  if (signal !== undefined && !(signal instanceof AbortSignal)) {
    throw new TypeError(`call: signal must be an AbortSignal, received ${show(signal)}`);
  }
}
