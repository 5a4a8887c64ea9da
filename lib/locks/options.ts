import { show } from "../show.ts";
import { type OptionNames, refuseUnknown } from "../options.ts";
import type { LockMode } from "../paxos/lock_register.ts";

/** Options of a lock. */
export interface LockOptions {
  /** `"exclusive"` (the default): one owner. `"shared"`: any number of shared owners. */
  mode?: LockMode;
  /** Resolves to `null` if the lock is not available at once. */
  ifAvailable?: boolean;
  /**
   * Takes the lock away from its present owners. An old owner may still see `held` until it learns of the
   * theft; the token protects the resource.
   */
  steal?: boolean;
  /** Aborting it withdraws the request, which rejects with the signal's reason. */
  signal?: AbortSignal;
  /**
   * Time limit in milliseconds: after it the request is withdrawn and rejects with a `TimeoutError`. Default:
   * none.
   */
  timeout?: number;
}

const NAMES: OptionNames<LockOptions> = {
  mode: true,
  ifAvailable: true,
  steal: true,
  signal: true,
  timeout: true,
};

/** Checked options with all defaults. */
export interface LockSettings {
  readonly mode: LockMode;
  readonly ifAvailable: boolean;
  readonly steal: boolean;
  readonly signal?: AbortSignal;
  readonly timeout?: number;
}

/** Checks the options of a lock; throws a `TypeError` that names the option. */
export function lockSettings(options: LockOptions): LockSettings {
  if (typeof options !== "object" || options === null) {
    throw new TypeError(`lock: options must be an object, received ${show(options)}`);
  }
  refuseUnknown("lock", options, NAMES);
  const { mode = "exclusive", ifAvailable = false, steal = false, signal, timeout } = options;
  const refuse = (name: string, wanted: string, received: unknown) => {
    throw new TypeError(`lock: ${name} must be ${wanted}, received ${show(received)}`);
  };
  if (mode !== "exclusive" && mode !== "shared") refuse("mode", '"exclusive" or "shared"', mode);
  if (typeof ifAvailable !== "boolean") refuse("ifAvailable", "true or false", ifAvailable);
  if (typeof steal !== "boolean") refuse("steal", "true or false", steal);
  if (signal !== undefined && !(signal instanceof AbortSignal)) {
    refuse("signal", "an AbortSignal", signal);
  }
  if (timeout !== undefined && !(typeof timeout === "number" && timeout >= 0)) {
    refuse("timeout", "a number of milliseconds, not negative", timeout);
  }
  if (steal && ifAvailable) throw new TypeError("lock: steal and ifAvailable exclude each other");
  if (steal && mode !== "exclusive") throw new TypeError('lock: only mode "exclusive" can steal');
  return { mode, ifAvailable, steal, signal, timeout };
}
