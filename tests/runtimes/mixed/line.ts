/**
 * One line of text for any value that nodes can carry. It is not the format of the nodes: the tests must
 * not depend on the code under test.
 *
 * @module
 */

/** A value that JSON cannot represent. */
interface Wrapped {
  readonly $: "number" | "bigint" | "date" | "bytes" | "map" | "set";
  readonly of: unknown;
}

/** `value` as one line, without a line break. Unsupported values (functions, `undefined`) are omitted. */
export function writeLine(value: unknown): string {
  return JSON.stringify(value, function (this: Record<string, unknown>, key) {
    // Not the argument: dates are already converted to strings there.
    return wrap(this[key]);
  });
}

/** The value from which {@linkcode writeLine} made this line. */
export function readLine(line: string): unknown {
  return JSON.parse(line, (_, value) => isWrapped(value) ? unwrap(value) : value);
}

function wrap(value: unknown): unknown {
  if (typeof value === "bigint") return wrapped("bigint", `${value}`);
  if (typeof value === "number" && (!Number.isFinite(value) || Object.is(value, -0))) {
    return wrapped("number", Object.is(value, -0) ? "-0" : `${value}`);
  }
  if (value instanceof Date) return wrapped("date", value.getTime());
  if (value instanceof Uint8Array) return wrapped("bytes", toHex(value));
  if (value instanceof Map) return wrapped("map", [...value]);
  if (value instanceof Set) return wrapped("set", [...value]);
  return value;
}

function unwrap({ $, of }: Wrapped): unknown {
  switch ($) {
    case "bigint":
      return BigInt(of as string);
    case "number":
      return Number(of);
    case "date":
      return new Date(of as number);
    case "bytes":
      return fromHex(of as string);
    case "map":
      return new Map(of as [unknown, unknown][]);
    case "set":
      return new Set(of as unknown[]);
  }
}

function wrapped($: Wrapped["$"], of: unknown): Wrapped {
  return { $, of };
}

function isWrapped(value: unknown): value is Wrapped {
  return typeof value === "object" && value !== null && "$" in value;
}

function toHex(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

function fromHex(text: string): Uint8Array {
  return Uint8Array.from(text.match(/../g) ?? [], (byte) => parseInt(byte, 16));
}
