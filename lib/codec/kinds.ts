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

/**
 * What `value` is; `undefined` for all that is not on the list, such as an instance of a class. A
 * subclass is not what it extends, since it would not come back as what it was. The one exception is
 * `Uint8Array`, so that the `Buffer` of Node is accepted; it comes back as a `Uint8Array`.
 */
export function kindOf(value: object): ObjectKind | undefined {
  const prototype = Object.getPrototypeOf(value);
  if (Array.isArray(value)) return prototype === Array.prototype ? "array" : undefined;
  if (prototype === Object.prototype || prototype === null) return "object";
  if (typedArrayName.call(value) === "Uint8Array") return "bytes";
  if (prototype === Map.prototype) return accepts(mapSize, value) ? "map" : undefined;
  if (prototype === Set.prototype) return accepts(setSize, value) ? "set" : undefined;
  if (prototype === Date.prototype) {
    return accepts(Date.prototype.getTime, value) ? "date" : undefined;
  }
  return undefined;
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
    name = Object.getPrototypeOf(value)?.constructor?.name;
  } catch {
    // Somebody's getter; it has no name then.
  }
  return typeof name === "string" && name !== "" ? `an instance of ${name}` : "an unknown object";
}
