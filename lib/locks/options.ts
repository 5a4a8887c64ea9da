import { checkKnown, checkLimits, type OptionNames, refuseUnless } from "../options.ts";
import { isPermits, type LockMode, MAX_PERMITS } from "../paxos/lock_register.ts";
import { MAX_LABEL } from "./label.ts";

/** Options of a lock. */
export interface LockOptions {
  /** `"exclusive"` (the default): one owner. `"shared"`: any number of shared owners. */
  mode?: LockMode;
  /**
   * A counting lock: the request is granted while fewer than this number of others own the lock, all of them with
   * permits; an integer of 1 to 1,024, and the request's own. First come, first served: a request that waits holds up
   * those behind it. Other requests for the same lock exclude those with permits. Not with `mode` or `steal`.
   */
  permits?: number;
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
   * A text for people, of at most 200 UTF-16 code units: what the lock is for. `explain` shows it; `holders` and `query`
   * show the beginning of it, at most 64 bytes of UTF-8. Default: that of the process, for `process.lock`.
   */
  label?: string;
}

const NAMES: OptionNames<LockOptions> = {
  mode: true,
  permits: true,
  ifAvailable: true,
  steal: true,
  signal: true,
  timeout: true,
  label: true,
};

/** Checked options with all defaults. */
export interface LockSettings {
  readonly mode: LockMode;
  readonly permits?: number;
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

/** Refuses what is no number of permits, and what does not go with one; throws a `TypeError`. */
export function checkPermits(
  call: string,
  { permits, mode, steal }: Pick<LockOptions, "permits" | "mode" | "steal">,
): void {
  if (permits === undefined) return;
  const wanted = `an integer from 1 to ${MAX_PERMITS}`;
  refuseUnless(isPermits(permits), call, "permits", wanted, permits);
  if (mode !== undefined) throw new TypeError(`${call}: permits and mode exclude each other`);
  if (steal) throw new TypeError(`${call}: permits and steal exclude each other`);
}

/** The permits of a request with this option, as a property; 0 is none. */
export function permitted(permits: number | undefined): { readonly permits?: number } {
  return permits === undefined || permits === 0 ? {} : { permits };
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

function checkFlag(name: string, value: unknown): void {
  refuseUnless(typeof value === "boolean", "lock", name, "true or false", value);
}

/** Checks the options of a lock; throws a `TypeError` that names the option. */
export function lockSettings(options: LockOptions): LockSettings {
  checkKnown("lock", options, NAMES);
  checkLimits("lock", options);
  const { ifAvailable = false, steal = false, signal, timeout, permits } = options;
  checkPermits("lock", options);
  const { mode = permits === undefined ? "exclusive" : "shared" } = options;
  checkMode("lock", mode);
  checkLabel("lock", options.label);
  checkFlag("ifAvailable", ifAvailable);
  checkFlag("steal", steal);
  if (steal && ifAvailable) throw new TypeError("lock: steal and ifAvailable exclude each other");
  if (steal && mode !== "exclusive") throw new TypeError('lock: only mode "exclusive" can steal');
  const named = { ...permitted(permits), ...labeled(options.label) };
  return { mode, ifAvailable, steal, signal, timeout, ...named };
}
