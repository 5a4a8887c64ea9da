import { checkKnown, checkLimits, type OptionNames, refuseUnless } from "../options.ts";
import type { LockMode } from "../paxos/lock_register.ts";
import { MAX_LABEL } from "./label.ts";

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
  /**
   * A text for people, of at most 200 UTF-16 code units: what the lock is for. `holders` and `query` show the beginning
   * of it, at most 64 bytes of UTF-8.
   */
  label?: string;
}

const NAMES: OptionNames<LockOptions> = {
  mode: true,
  ifAvailable: true,
  steal: true,
  signal: true,
  timeout: true,
  label: true,
};

/** Checked options with all defaults. */
export interface LockSettings {
  readonly mode: LockMode;
  readonly ifAvailable: boolean;
  readonly steal: boolean;
  readonly signal?: AbortSignal;
  readonly timeout?: number;
  readonly label?: string;
}

/** Refuses what is no label; throws a `TypeError`. */
export function checkLabel(call: string, label: unknown): asserts label is string | undefined {
  const isLabel = label === undefined || (typeof label === "string" && label.length <= MAX_LABEL);
  refuseUnless(isLabel, call, "label", `a string of at most ${MAX_LABEL} characters`, label);
}

/** The label of a request with this option, as a property; an empty one is none. */
export function labeled(label: string | undefined): { readonly label?: string } {
  return label === undefined || label === "" ? {} : { label };
}

/** Refuses what is no mode of a lock; throws a `TypeError`. */
export function checkMode(call: string, mode: unknown): asserts mode is LockMode {
  const isMode = mode === "exclusive" || mode === "shared";
  refuseUnless(isMode, call, "mode", '"exclusive" or "shared"', mode);
}

/** Checks the options of a lock; throws a `TypeError` that names the option. */
export function lockSettings(options: LockOptions): LockSettings {
  checkKnown("lock", options, NAMES);
  checkLimits("lock", options);
  const { mode = "exclusive", ifAvailable = false, steal = false, signal, timeout } = options;
  checkMode("lock", mode);
  checkLabel("lock", options.label);
  for (const [name, value] of Object.entries({ ifAvailable, steal })) {
    refuseUnless(typeof value === "boolean", "lock", name, "true or false", value);
  }
  if (steal && ifAvailable) throw new TypeError("lock: steal and ifAvailable exclude each other");
  if (steal && mode !== "exclusive") throw new TypeError('lock: only mode "exclusive" can steal');
  return { mode, ifAvailable, steal, signal, timeout, ...labeled(options.label) };
}
