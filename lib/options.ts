/** The names of all options of a kind, as keys: the compiler refuses a list from which one is missing. */
export type OptionNames<Options> = { readonly [Name in keyof Options]-?: true };

/** The most characters of a name that are compared and shown. */
const MAX_NAME = 64;

/**
 * Refuses options that `call` does not have: a mistyped name would be an option that does nothing.
 * Throws a `TypeError` that names the first one, and the known one that it is nearest to. Whatever is
 * enumerable counts, inherited or not; a known one may be `undefined`.
 */
export function refuseUnknown<Options extends object>(
  call: string,
  options: Options,
  known: OptionNames<Options>,
): void {
  for (const name in options) {
    if (Object.hasOwn(known, name)) continue;
    // What was added to all objects is on none of them as an option.
    if (name in Object.prototype && !Object.hasOwn(options, name)) continue;
    const nearest = nearestOf(name, Object.keys(known));
    const hint = nearest === undefined ? "it takes none" : `did you mean ${nearest}?`;
    throw new TypeError(`${call}: unknown option ${show(name)}; ${hint}`);
  }
}

/** The one of `names` with the fewest edits to `name`, as a share of the longer of the two. */
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

/** How many characters have to be put in, taken out or replaced to make `b` of `a` (Levenshtein). */
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

function show(name: string): string {
  return /^\w{1,64}$/.test(name) ? name : JSON.stringify(name.slice(0, MAX_NAME));
}
