/** The objects that values and keys may contain. */
export type ObjectKind = "array" | "object" | "map" | "set" | "date" | "bytes";

const typedArrayName = Object.getOwnPropertyDescriptor(
  Object.getPrototypeOf(Uint8Array.prototype),
  Symbol.toStringTag,
)!.get! as (this: object) => string | undefined;
const mapSize = Object.getOwnPropertyDescriptor(Map.prototype, "size")!.get!;
const setSize = Object.getOwnPropertyDescriptor(Set.prototype, "size")!.get!;

/** Whether `method` accepts `value`: an object with the right prototype need not be the real thing. */
function accepts(method: (this: unknown) => unknown, value: object): boolean {
  try {
    method.call(value);
    return true;
  } catch {
    return false;
  }
}

/** What an object is called by `Object.prototype.toString`: `[object Object]` for plain ones. */
const tagOf = Object.prototype.toString;

/** The source text of a function; that of a built-in one is the same in every realm. */
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
 * Which built-in class another realm has `prototype` for. Frames, `node:vm` and the test runners that
 * use it have a realm of their own, with an `Object` of its own.
 */
function foreignKind(prototype: object): ObjectKind | undefined {
  const constructor = Object.getOwnPropertyDescriptor(prototype, "constructor")?.value;
  const isItsOwn = typeof constructor === "function" && constructor.prototype === prototype;
  return isItsOwn ? BY_TEXT.get(textOf.call(constructor)) : undefined;
}

/** The class of which `value` is a direct instance, in whatever realm; without a prototype, an object. */
function classOf(value: object): ObjectKind | undefined {
  const prototype = Object.getPrototypeOf(value);
  if (prototype === null) return "object";
  const own = BY_PROTOTYPE.get(prototype);
  if (own !== undefined) return own;
  return typedArrayName.call(value) === "Uint8Array" ? "bytes" : foreignKind(prototype);
}

/**
 * What `value` is; `undefined` for all that is not on the list, such as an instance of a class. A
 * subclass is not what it extends, since it would not come back as what it was. The one exception is
 * `Uint8Array`, so that the `Buffer` of Node is accepted; it comes back as a `Uint8Array`.
 */
export function kindOf(value: object): ObjectKind | undefined {
  const kind = classOf(value);
  return kind !== undefined && isReal(value, kind) ? kind : undefined;
}

/** Whether `value` is a plain object, in whatever realm it was made. */
export function isPlainObject(value: unknown): value is object {
  return typeof value === "object" && value !== null && kindOf(value) === "object";
}

/** Whether `value` is what its prototype says. */
function isReal(value: object, kind: ObjectKind): boolean {
  switch (kind) {
    case "object":
      // What has a name for itself is more than its properties: a remote, a module, `arguments`.
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

/** What to call bytes that are not {@linkcode isReadable}. */
export const DETACHED = "a Uint8Array whose buffer was transferred or shrunk";

/**
 * Whether bytes can still be read: the buffer of a `Uint8Array` may have been transferred, or resized
 * to less than the array begins at. Its length is 0 then.
 */
export function isReadable(bytes: Uint8Array): boolean {
  return bytes.length > 0 || accepts(Uint8Array.prototype.keys, bytes);
}

/** The entries of a Map as they are now, whatever was put on top of its methods. */
export function entriesOf(map: Map<unknown, unknown>): [unknown, unknown][] {
  const entries: [unknown, unknown][] = [];
  Map.prototype.forEach.call(map, (value, key) => entries.push([key, value]));
  return entries;
}

/** The members of a Set as they are now. */
export function membersOf(set: Set<unknown>): unknown[] {
  const members: unknown[] = [];
  Set.prototype.forEach.call(set, (member) => members.push(member));
  return members;
}

/** The time of a Date in milliseconds; NaN if it is invalid. */
export function timeOf(date: Date): number {
  return Date.prototype.getTime.call(date);
}

/** What to call something that is not allowed: "a function", "an instance of Error". */
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
    // A getter that throws; the object has no name then.
  }
  return typeof name === "string" && name !== "" ? `an instance of ${name}` : "an unknown object";
}
