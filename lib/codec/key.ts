import { bigintBytes, bigintFits, MAX_BIGINT_BYTES } from "./bigint.ts";
import { floatBytes, packFloat } from "./float.ts";
import { describe, DETACHED, entriesOf, isReadable, kindOf, membersOf, timeOf } from "./kinds.ts";
import { KeySpread } from "./key_spread.ts";
import { MalformedError } from "./malformed.ts";
import { CborReader } from "./cbor_reader.ts";
import { KEY_RULES, MAX_DEPTH, scan } from "./scan.ts";
import { TAG_BIGINT, TAG_DATE, TAG_MAP, TAG_NEGATIVE_BIGINT, TAG_SET, TAG_WTF8 } from "./tags.ts";
import { isWellFormed, utf8, wtf8 } from "./text.ts";

/** A part of a key: inside a key `undefined` is allowed, too. */
export type KeyPart = Key | undefined;

/**
 * The key of an entry, a lock or a singleton in the cluster. Two keys are equal if their deterministic
 * CBOR (RFC 8949, section 4.2.1) is equal: `{ a: 1, b: 2 }` equals `{ b: 2, a: 1 }`, `1n` equals `1`, `-0`
 * equals `0`, and all NaNs are equal. `1` does not equal `"1"`, a Date does not equal its number, and a
 * Map does not equal the plain object with the same entries. The order of Maps and Sets does not matter.
 * A string with lone surrogates is a valid key.
 */
export type Key =
  | string
  | number
  | bigint
  | boolean
  | null
  | Uint8Array
  | Date
  | readonly KeyPart[]
  | ReadonlyMap<KeyPart, KeyPart>
  | ReadonlySet<KeyPart>
  | { readonly [name: string]: KeyPart };

/** The largest encoded key, in bytes. */
export const MAX_KEY_BYTES: number = 4096;

const ASCII = /^[\0-\x7f]*$/;

/**
 * The canonical form of a key: its deterministic CBOR, with one character from U+0000 to U+00FF per byte.
 * Equal keys are equal strings, and strings sort in the order of the bytes. Throws `TypeError` for an
 * invalid key: instances of classes, functions, symbols, cycles, `undefined` as the whole key, more than
 * 64 levels, or more than {@linkcode MAX_KEY_BYTES}.
 */
export function encodeKey(key: unknown): string {
  if (key === undefined) throw new TypeError("undefined cannot be a key");
  const encoded = typeof key === "string" ? encodeString(key) : new KeyEncoder().part(key);
  if (encoded.length > MAX_KEY_BYTES) refuse(`more than ${MAX_KEY_BYTES} bytes`);
  return encoded;
}

/**
 * The key with this canonical form. It equals the encoded key, but may be another JavaScript value (`1`
 * for `1n`). Throws {@linkcode MalformedError} for a string that is not the canonical form of a key.
 */
export function decodeKey(encoded: string): Key {
  const bytes = new Uint8Array(encoded.length);
  for (let i = 0; i < bytes.length; i++) {
    const unit = encoded.charCodeAt(i);
    if (unit > 0xff) throw new MalformedError("not a key: a character above U+00FF");
    bytes[i] = unit;
  }
  const wrong = scan(bytes, 0, KEY_RULES);
  if (wrong !== undefined) throw new MalformedError(`not a key: ${wrong}`);
  const key = new CborReader(bytes, 0).item();
  // One key has many encodings in CBOR, and only the canonical one names its register.
  let canonical: string | undefined;
  try {
    canonical = encodeKey(key);
  } catch {
    // Not a key, such as `undefined`.
  }
  if (canonical !== encoded) throw new MalformedError("not a key in its canonical form");
  return key as Key;
}

function refuse(what: string): never {
  throw new TypeError(`${what} cannot be a key, or part of one`);
}

/** The head of an item: its major type, and an argument from 0 to 2^53 - 1. */
function head(major: number, argument: number): string {
  const type = major << 5;
  if (argument < 24) return String.fromCharCode(type | argument);
  if (argument < 0x100) return String.fromCharCode(type | 24, argument);
  if (argument < 0x10000) {
    return String.fromCharCode(type | 25, argument >> 8, argument & 0xff);
  }
  if (argument < 0x100000000) return String.fromCharCode(type | 26) + uint32(argument);
  const high = Math.floor(argument / 0x100000000);
  return String.fromCharCode(type | 27) + uint32(high) + uint32(argument % 0x100000000);
}

function uint32(value: number): string {
  return String.fromCharCode(
    value >>> 24,
    (value >>> 16) & 0xff,
    (value >>> 8) & 0xff,
    value & 0xff,
  );
}

function bytesToText(bytes: Uint8Array): string {
  // At most the size of a key, which every runtime can pass as arguments.
  if (bytes.length > MAX_KEY_BYTES) refuse(`more than ${MAX_KEY_BYTES} bytes`);
  return String.fromCharCode.apply(null, bytes as unknown as number[]);
}

function encodeString(text: string): string {
  if (text.length > MAX_KEY_BYTES) refuse(`a string of ${text.length} characters`);
  if (ASCII.test(text)) return head(3, text.length) + text;
  if (isWellFormed(text)) {
    const bytes = utf8(text);
    return head(3, bytes.length) + bytesToText(bytes);
  }
  const bytes = wtf8(text);
  return head(6, TAG_WTF8) + head(2, bytes.length) + bytesToText(bytes);
}

function encodeBigint(value: bigint): string {
  if (!bigintFits(value)) refuse(`a bigint of more than ${MAX_BIGINT_BYTES} bytes`);
  const negative = value < 0n;
  const magnitude = negative ? -1n - value : value;
  if (magnitude <= BigInt(Number.MAX_SAFE_INTEGER)) {
    return head(negative ? 1 : 0, Number(magnitude));
  }
  const bytes = bigintBytes(magnitude);
  if (bytes.length <= 8) {
    // Integers from 2^53 to 2^64 - 1 take 64 bits in CBOR.
    return (negative ? "\x3b" : "\x1b") + bytesToText(bytes).padStart(8, "\0");
  }
  const tag = negative ? TAG_NEGATIVE_BIGINT : TAG_BIGINT;
  return head(6, tag) + head(2, bytes.length) + bytesToText(bytes);
}

function encodeNumber(value: number): string {
  // A number and an equal bigint of any size are the same key.
  if (Number.isInteger(value)) {
    if (!Number.isSafeInteger(value)) return encodeBigint(BigInt(value));
    return value < 0 ? head(1, -1 - value) : head(0, value);
  }
  return encodeFloat(value);
}

function encodeFloat(value: number): string {
  const size = packFloat(value);
  const type = size === 2 ? "\xf9" : size === 4 ? "\xfa" : "\xfb";
  return type + bytesToText(floatBytes.subarray(0, size));
}

/** Refuses keys that {@linkcode decodeKey} could not add to a Map or Set in time. */
function checkSpread(keys: readonly unknown[]): void {
  const spread = new KeySpread(keys.length);
  for (const key of keys) if (!spread.add(key)) refuse("a Map or Set whose keys collide");
}

/** The items, joined in the order of their bytes. */
function inOrder(items: string[]): string {
  items.sort();
  return items.join("");
}

/** Encodes one key that is not a string. */
class KeyEncoder {
  readonly #containers: object[] = [];
  #parts = 0;

  part(value: unknown): string {
    // Each part takes at least one byte. Without this check shared parts could multiply.
    if (++this.#parts > MAX_KEY_BYTES) refuse(`more than ${MAX_KEY_BYTES} bytes`);
    switch (typeof value) {
      case "string":
        return encodeString(value);
      case "number":
        return encodeNumber(value);
      case "boolean":
        return value ? "\xf5" : "\xf4";
      case "undefined":
        return "\xf7";
      case "bigint":
        return encodeBigint(value);
      case "object":
        return value === null ? "\xf6" : this.#object(value);
      default:
        refuse(describe(value));
    }
  }

  #object(value: object): string {
    const kind = kindOf(value);
    switch (kind) {
      case undefined:
        refuse(describe(value));
        break;
      case "bytes": {
        if (!isReadable(value as Uint8Array)) refuse(DETACHED);
        const { length } = value as Uint8Array;
        return head(2, length) + bytesToText(value as Uint8Array);
      }
      case "date":
        return this.#date(timeOf(value as Date));
    }
    if (this.#containers.includes(value)) refuse("a cycle");
    if (this.#containers.length === MAX_DEPTH) refuse(`more than ${MAX_DEPTH} levels`);
    this.#containers.push(value);
    const encoded = this.#container(kind, value);
    this.#containers.pop();
    return encoded;
  }

  #container(kind: "array" | "object" | "map" | "set", value: object): string {
    switch (kind) {
      case "array":
        return this.#array(value as unknown[]);
      case "object":
        return this.#properties(value as Record<string, unknown>);
      case "map":
        return this.#map(entriesOf(value as Map<unknown, unknown>));
      case "set":
        return this.#set(membersOf(value as Set<unknown>));
    }
  }

  #date(time: number): string {
    if (Number.isNaN(time)) refuse("an invalid Date");
    return head(6, TAG_DATE) +
      (time % 1000 === 0 ? encodeNumber(time / 1000) : encodeFloat(time / 1000));
  }

  #array(array: unknown[]): string {
    let encoded = head(4, array.length);
    for (let i = 0; i < array.length; i++) {
      const value = array[i];
      if (value === undefined && !Object.hasOwn(array, i)) refuse("an array with a hole");
      encoded += this.part(value);
    }
    return encoded;
  }

  #properties(object: Record<string, unknown>): string {
    const symbol = Object.getOwnPropertySymbols(object)[0];
    if (symbol !== undefined) refuse(`a property named ${String(symbol)}`);
    // No encoded item is a prefix of another, so entries sort in the order of their names.
    const entries = Object.keys(object).map((name) => encodeString(name) + this.part(object[name]));
    return head(5, entries.length) + inOrder(entries);
  }

  #map(entries: [unknown, unknown][]): string {
    checkSpread(entries.map(([key]) => key));
    const keys = new Set<string>();
    const encoded = entries.map(([key, value]) => {
      const name = this.part(key);
      keys.add(name);
      return name + this.part(value);
    });
    if (keys.size < entries.length) refuse("a Map in which two keys are the same");
    return head(6, TAG_MAP) + head(5, entries.length) + inOrder(encoded);
  }

  #set(members: unknown[]): string {
    checkSpread(members);
    const encoded = new Set(members.map((member) => this.part(member)));
    if (encoded.size < members.length) refuse("a Set in which two members are the same");
    return head(6, TAG_SET) + head(4, members.length) + inOrder([...encoded]);
  }
}
