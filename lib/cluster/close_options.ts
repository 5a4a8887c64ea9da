import { type OptionNames, refuseUnknown } from "../options.ts";
import { show } from "../show.ts";

/** Options of `close`. */
export interface CloseOptions {
  /**
   * The longest time that calls of this node's singletons may go on, in milliseconds; then they end as
   * `outcome_unknown`. 0: the node waits for none of them. Default: the node's `timeout`.
   */
  timeout?: number;
}

const NAMES: OptionNames<CloseOptions> = { timeout: true };

/** Checks the options of `close`; throws a `TypeError` that names the option. */
export function checkCloseOptions(options: CloseOptions): CloseOptions {
  if (typeof options !== "object" || options === null) {
    throw new TypeError(`close: options must be an object, received ${show(options)}`);
  }
  refuseUnknown("close", options, NAMES);
  const { timeout } = options;
  if (timeout !== undefined && !(typeof timeout === "number" && timeout >= 0)) {
    throw new TypeError(
      `close: timeout must be a number of milliseconds, received ${show(timeout)}`,
    );
  }
  return options;
}
