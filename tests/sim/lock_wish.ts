import { SynodError } from "../../lib/errors.ts";
import type { LockOptions } from "../../lib/locks/options.ts";
import type { Station } from "./simulated_cluster.ts";
import type { Outcome } from "./operations.ts";
import type { Random } from "../../testing/random.ts";

/** A request for a lock by a user. */
export interface Wish {
  readonly options: LockOptions;
  /** Must be called when the lock is granted: the user no longer aborts. */
  readonly cancel: () => void;
}

/**
 * Draws a request by a user on `machine`; `steals`: whether locks may be stolen; `permits`: the number that requests with
 * permits have.
 */
export function drawWish(
  { machine }: Station,
  random: Random,
  steals: boolean,
  permits: number,
): Wish {
  const options: LockOptions = { mode: random.chance(0.3) ? "shared" : "exclusive" };
  const kind = random.weighted({ wait: 8, ifAvailable: 2, steal: steals ? 1 : 0 });
  if (kind === "ifAvailable") options.ifAvailable = true;
  if (kind === "steal") {
    options.mode = "exclusive";
    options.steal = true;
  } else if (random.chance(0.3)) {
    delete options.mode;
    options.permits = permits;
  }
  if (random.chance(0.25)) options.timeout = random.integer(5, 3_000);
  if (!random.chance(0.25)) return { options, cancel: () => {} };
  const controller = new AbortController();
  options.signal = controller.signal;
  const abort = () => controller.abort(new Error("changed my mind"));
  // Often at the moment of the grant, or while the request is in flight.
  const after = random.between(0, random.pick([5, 100, 3_000]));
  return { options, cancel: machine.setTimer(abort, after) };
}

/**
 * The outcome of a request that ended with `error`; `undefined` for an unexpected error. `brief`: whether the
 * request ends with the session; other requests wait for the next one. `steals`: whether locks may be stolen.
 */
export function failureOf(
  error: unknown,
  { signal, timeout, ifAvailable }: LockOptions,
  { closing }: Station,
  { brief, steals }: { brief: boolean; steals: boolean },
): Outcome | undefined {
  if (signal?.aborted && error === signal.reason) return "aborted";
  if (error instanceof DOMException) {
    if (error.name === "TimeoutError" && timeout !== undefined) return "timeout";
    if (isTheft(error) && steals) return "stolen";
  }
  if (!(error instanceof SynodError)) return undefined;
  const { code } = error;
  if (closing && (code === "closed" || code === "replaced")) return "ended";
  if (brief && code === "session_lost") return "ended";
  if (code === "no_quorum" && ifAvailable) return "no_quorum";
  return undefined;
}

/** Whether a lock was lost to a theft, by the reason of its signal. */
export function isTheft(reason: unknown): boolean {
  return reason instanceof DOMException && reason.name === "AbortError";
}

/** Whether a request of `node.lock` ends with the session; others wait for the next one, or time out. */
export function isBrief({ ifAvailable }: LockOptions): boolean {
  return ifAvailable === true;
}

/** A request as text, for reports. */
export function describeWish(
  { mode, permits, ifAvailable, steal, timeout, signal }: LockOptions,
): string {
  const parts = [
    permits === undefined ? mode : `${permits} permits`,
    ifAvailable && "if available",
    steal && "by stealing",
    timeout !== undefined && `within ${timeout} ms`,
    signal && "perhaps",
  ];
  return parts.filter((part) => part).join(", ");
}
