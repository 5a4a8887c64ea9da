import { isWellFormed } from "../codec/text.ts";
import { show } from "../show.ts";
import { checkKnown, checkLimits, type OptionNames, refuseUnless } from "../options.ts";
import { MAX_METHOD } from "./singleton_messages.ts";
import { isCallable } from "./remote.ts";

/** Limits of one call. */
export interface CallOptions {
  /**
   * Time limit in milliseconds. The call then rejects with a `TimeoutError`; it may have been executed. The
   * method's `context.current.signal` aborts.
   * Default: the node's `callTimeout`.
   */
  timeout?: number;
  /**
   * Aborting it rejects the call with the signal's reason; the call may have been executed. The method's
   * `context.current.signal` aborts.
   */
  signal?: AbortSignal;
}

const NAMES: OptionNames<CallOptions> = { timeout: true, signal: true };

/** Checks the arguments of a call; throws a `TypeError` that says which one is wrong. */
export function checkCall(method: unknown, args: unknown, options: CallOptions): void {
  if (!isCallable(method) || method.length > MAX_METHOD || !isWellFormed(method)) {
    throw new TypeError(`call: ${show(method)} cannot be the name of a method`);
  }
  refuseUnless(Array.isArray(args), "call", "args", "a list", args);
  checkKnown("call", options, NAMES);
  checkLimits("call", options);
}
