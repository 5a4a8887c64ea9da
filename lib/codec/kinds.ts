/** The kinds of objects that values and keys may contain. */
export type ObjectKind = "array" | "object" | "map" | "set" | "date" | "bytes";

const typedArrayName = Object.getOwnPropertyDescriptor(
  Object.getPrototypeOf(Uint8Array.prototype),
  Symbol.toStringTag,
)!.get! as (this: object) => string | undefined;
const mapSize = Object.getOwnPropertyDescriptor(Map.prototype, "size")!.get!;
const setSize = Object.getOwnPropertyDescriptor(Set.prototype, "size")!.get!;

/** Whether `method` accepts `value`: an object with the right prototype may still be of another kind. */
function accepts(method: (this: unknown) => unknown, value: object): boolean {
  try {
    method.call(value);
    return true;
  } catch {
    return false;
  }
}

/** Returns the tag of an object: `[object Object]` for plain ones. */
const tagOf = Object.prototype.toString;

/** Returns the source text of a function; for a built-in one it is the same in all realms. */
const textOf = Function.prototype.toString;

const BUILT_IN: readonly (readonly [new () => object, ObjectKind])[] = [
  [Object, "object"],
  [Array, "array"],
  [Map, "map"],
  [Set, "set"],
  [Date, "date"],
];
const BY_PROTOTYPE = new Map(BUILT_IN.map(([{ prototype }, kind]) => [prototype as object, kind]));
const BY_TEXT = new Map(BUILT_IN.map(([builtIn, kind]) => [textOf.call(builtIn), kind]));

/**
 * The kind of the built-in class of another realm that has this `prototype`. Frames, and `node:vm` with
 * the test runners that use it, have their own realms, each with its own `Object`.
 */
function foreignKind(prototype: object): ObjectKind | undefined {
  const constructor = Object.getOwnPropertyDescriptor(prototype, "constructor")?.value;
  const isItsOwn = typeof constructor === "function" && constructor.prototype === prototype;
  return isItsOwn ? BY_TEXT.get(textOf.call(constructor)) : undefined;
}

/** The kind of the class that `value` is a direct instance of, in any realm; "object" without a prototype. */
function classOf(value: object): ObjectKind | undefined {
  const prototype = Object.getPrototypeOf(value);
  if (prototype === null) return "object";
  const own = BY_PROTOTYPE.get(prototype);
  if (own !== undefined) return own;
  return typedArrayName.call(value) === "Uint8Array" ? "bytes" : foreignKind(prototype);
}

/**
 * The kind of `value`; `undefined` for an unsupported object, such as an instance of another class. An
 * instance of a subclass is not supported, because it would not be decoded as one. The exception is a
 * subclass of `Uint8Array`, such as the `Buffer` of Node: it is decoded as a `Uint8Array`.
 */
export function kindOf(value: object): ObjectKind | undefined {
  const kind = classOf(value);
  return kind !== undefined && isReal(value, kind) ? kind : undefined;
}

/** Whether `value` is a plain object of any realm. */
export function isPlainObject(value: unknown): value is object {
  return typeof value === "object" && value !== null && kindOf(value) === "object";
}

/** Whether `value` is of the kind that its prototype indicates. */
function isReal(value: object, kind: ObjectKind): boolean {
  switch (kind) {
    case "object":
      // An object with its own tag is more than its properties: a remote, a module, `arguments`.
      return tagOf.call(value) === PLAIN;
    case "array":
      return Array.isArray(value);
    case "map":
      return accepts(mapSize, value);
    case "set":
      return accepts(setSize, value);
    case "date":
      return accepts(Date.prototype.getTime, value);
    case "bytes":
      return true;
  }
}

/** The tag of a plain object. */
const PLAIN = "[object Object]";

/** The description of bytes that are not {@linkcode isReadable}, for errors. */
export const DETACHED = "a Uint8Array whose buffer was transferred or shrunk";

/**
 * Whether bytes can be read. They cannot if the buffer of the `Uint8Array` was transferred, or resized to
 * less than the offset of the array; its length is 0 then.
 */
export function isReadable(bytes: Uint8Array): boolean {
  return bytes.length > 0 || accepts(Uint8Array.prototype.keys, bytes);
}

/** The present entries of a Map, read without its own methods, which may be overridden. */
export function entriesOf(map: Map<unknown, unknown>): [unknown, unknown][] {
  const entries: [unknown, unknown][] = [];
  Map.prototype.forEach.call(map, (value, key) => entries.push([key, value]));
  return entries;
}

/** The present members of a Set. */
export function membersOf(set: Set<unknown>): unknown[] {
  const members: unknown[] = [];
  Set.prototype.forEach.call(set, (member) => members.push(member));
  return members;
}

/** The time of a Date in milliseconds; NaN if it is invalid. */
export function timeOf(date: Date): number {
  return Date.prototype.getTime.call(date);
}

/** The description of an unsupported value, for errors: "a function", "an instance of Error". */
export function describe(value: unknown): string {
  if (typeof value !== "object" || value === null) return `a ${typeof value}`;
  let name: unknown;
  try {
    const tag = tagOf.call(value);
    if (classOf(value) === "object" && tag !== PLAIN) {
      return `an object tagged ${tag.slice("[object ".length, -1)}`;
    }
    name = Object.getPrototypeOf(value)?.constructor?.name;
  } catch {
    // A getter throws; the object has no name then.
  }
  return typeof name === "string" && name !== "" ? `an instance of ${name}` : "an unknown object";
}
