/** Longest preview, in UTF-16 code units. */
const LONGEST = 200;

/** Nesting that is shown. */
const DEEPEST = 4;

/** Entries of one list or object that are shown. */
const MOST_ENTRIES = 20;

/** A value or key as a short text for people. It is text, never markup. */
export function preview(value: unknown, longest: number = LONGEST): string {
  const text = show(value, 0, longest);
  return text.length > longest ? `${text.slice(0, longest)}…` : text;
}

function show(value: unknown, depth: number, longest: number): string {
  if (typeof value === "string") return JSON.stringify(value.slice(0, longest + 1));
  if (typeof value === "bigint") return `${value}n`;
  if (typeof value !== "object" || value === null) return String(value);
  if (value instanceof Uint8Array) return `<${value.length} bytes>`;
  if (value instanceof Date) {
    return Number.isNaN(value.getTime()) ? "<no date>" : `<${value.toISOString()}>`;
  }
  if (depth >= DEEPEST) return "…";
  const inner = (one: unknown) => show(one, depth + 1, longest);
  if (Array.isArray(value)) return `[${listed(value, inner)}]`;
  const pair = ([key, one]: [unknown, unknown]) => `${inner(key)}: ${inner(one)}`;
  if (value instanceof Map) return `Map {${listed([...value], pair)}}`;
  if (value instanceof Set) return `Set {${listed([...value], inner)}}`;
  return `{${listed(Object.entries(value), pair)}}`;
}

function listed<T>(all: readonly T[], show: (one: T) => string): string {
  const shown = all.slice(0, MOST_ENTRIES).map(show);
  if (all.length > shown.length) shown.push(`… ${all.length - shown.length} more`);
  return shown.join(", ");
}
