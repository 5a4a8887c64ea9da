import { show } from "./show.ts";

/** The names of all options of a type, as keys: the compiler refuses an incomplete list. */
export type OptionNames<Options> = { readonly [Name in keyof Options]-?: true };

/** The number of characters of a name that are compared and shown at most. */
const MAX_NAME = 64;

/**
 * Refuses unknown options of `call`, because a mistyped option would have no effect. Throws a `TypeError`
 * that names the first unknown option and the most similar known one. All enumerable properties count,
 * including inherited ones; a known option may be `undefined`.
 */
export function refuseUnknown<Options extends object>(
  call: string,
  options: Options,
  known: OptionNames<Options>,
): void {
  for (const name in options) {
    if (Object.hasOwn(known, name)) continue;
    // A property that code added to `Object.prototype` is no option.
    if (name in Object.prototype && !Object.hasOwn(options, name)) continue;
    const nearest = nearestOf(name, Object.keys(known));
    const hint = nearest === undefined ? "it takes none" : `did you mean ${nearest}?`;
    throw new TypeError(`${call}: unknown option ${quoted(name)}; ${hint}`);
  }
}

/** Throws a `TypeError` that names the option of `call` and what was received, unless it is valid. */
export function refuseUnless(
  valid: boolean,
  call: string,
  name: string,
  wanted: string,
  received: unknown,
): asserts valid {
  if (!valid) throw new TypeError(`${call}: ${name} must be ${wanted}, received ${show(received)}`);
}

/** Refuses options of `call` that are no object, or that do not exist. */
export function checkKnown<Options extends object>(
  call: string,
  options: Options,
  known: OptionNames<Options>,
): void {
  const isObject = typeof options === "object" && options !== null;
  refuseUnless(isObject, call, "options", "an object", options);
  refuseUnknown(call, options, known);
}

/** Refuses options of `call` that have a bad time limit or a bad signal. */
export function checkLimits(
  call: string,
  { timeout, signal }: { readonly timeout?: unknown; readonly signal?: unknown },
): void {
  refuseUnless(
    timeout === undefined || (typeof timeout === "number" && timeout >= 0),
    call,
    "timeout",
    "a number of milliseconds, not negative",
    timeout,
  );
  const isSignal = signal === undefined || signal instanceof AbortSignal;
  refuseUnless(isSignal, call, "signal", "an AbortSignal", signal);
}

/** The most similar of `names`: the one with the smallest edit distance relative to the longer name. */
function nearestOf(name: string, names: readonly string[]): string | undefined {
  let nearest: string | undefined;
  let least = Infinity;
  const wanted = name.slice(0, MAX_NAME).toLowerCase();
  for (const other of names) {
    const share = editDistance(wanted, other.toLowerCase()) / Math.max(wanted.length, other.length);
    if (share < least) [nearest, least] = [other, share];
  }
  return nearest;
}

/** The Levenshtein distance: the number of insertions, deletions and replacements from `a` to `b`. */
function editDistance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let k = 1; k <= b.length; k++) {
      const replaced = row[k - 1] + (a[i - 1] === b[k - 1] ? 0 : 1);
      next.push(Math.min(replaced, row[k] + 1, next[k - 1] + 1));
    }
    row = next;
  }
  return row[b.length];
}

function quoted(name: string): string {
  return /^\w{1,64}$/.test(name) ? name : JSON.stringify(name.slice(0, MAX_NAME));
}
