import { MAX_BIGINT_BYTES } from "./bigint.ts";
import { TAG_BIGINT, TAG_DATE, TAG_MAP, TAG_NEGATIVE_BIGINT, TAG_SET, TAG_WTF8 } from "./tags.ts";
import { invalidUtf8At } from "./utf8_scan.ts";

/**
 * Checks the structure of CBOR before it is decoded. Hostile bytes can make decoders return wrong results
 * (invalid UTF-8 becomes other text, tags make cyclic objects) or fail (nesting overflows the stack, a
 * bignum takes 20 seconds). So decoders get only bytes that pass this check: one item, all lengths known
 * and within the bytes, depth and number of items within the limits, all text valid, and only the types
 * that the writer of such bytes uses.
 */

/** The deepest nesting of arrays and maps. */
export const MAX_DEPTH: number = 64;

/** The most items (numbers, texts, arrays, map keys, …), counted at all depths. */
export const MAX_ITEMS: number = 1_000_000;

/** The types that are allowed in addition to arrays, text, bytes, integers, doubles, booleans and null. */
export interface ScanRules {
  /** Whether maps, `undefined`, integers of 64 bits, and floats shorter than 64 bits are allowed. */
  readonly rich: boolean;
  /** For each tag, the major type that must follow; {@linkcode NUMBER} is any number. */
  readonly tags: ReadonlyMap<number, number>;
}

const BYTES = 2;
const TEXT = 3;
const ARRAY = 4;
const MAP = 5;
const TAG = 6;

/** Stands for major types 0 and 1, and for the floats of 7. */
const NUMBER = -1;

/** The rules for frames. */
export const FRAME_RULES: ScanRules = { rich: false, tags: new Map() };

/** The rules for the values of users. */
export const VALUE_RULES: ScanRules = {
  rich: true,
  tags: new Map([
    [TAG_DATE, NUMBER],
    [TAG_BIGINT, BYTES],
    [TAG_NEGATIVE_BIGINT, BYTES],
    [TAG_SET, ARRAY],
    [TAG_MAP, MAP],
  ]),
};

/** The rules for keys. */
export const KEY_RULES: ScanRules = {
  rich: true,
  tags: new Map([...VALUE_RULES.tags, [TAG_WTF8, BYTES]]),
};

/** The number of items still expected in each array or map around the present one. */
const outer = new Int32Array(MAX_DEPTH);

/** Returns the fault of the item in `bytes[start..]`, or `undefined` if it may be decoded. */
export function scan(bytes: Uint8Array, start: number, rules: ScanRules): string | undefined {
  const end = bytes.length;
  let position = start;
  let depth = 0;
  let left = 1;
  let count = 0;
  let longest = Infinity;
  for (;;) {
    while (left === 0) {
      if (depth === 0) return position === end ? undefined : "bytes after the end";
      left = outer[--depth];
    }
    if (position >= end) return "ends too early";
    const head = bytes[position++];
    const major = head >> 5;
    let argument = head & 0x1f;

    if (major === 7) {
      // The simple values false, true, null and undefined, and floats.
      if (argument >= 20 && argument <= 22) {
        // Nothing follows.
      } else if (argument === 27) {
        position += 8;
      } else if (rules.rich && argument === 23) {
        // Nothing follows.
      } else if (rules.rich && (argument === 25 || argument === 26)) {
        position += argument === 25 ? 2 : 4;
      } else {
        return "a simple value that is not in use";
      }
      if (position > end) return "ends too early";
      left--;
      if (++count > MAX_ITEMS) return `more than ${MAX_ITEMS} items`;
      continue;
    }

    if (argument >= 24) {
      if (argument > 27) return "a length that is not given";
      const size = 1 << (argument - 24);
      if (position + size > end) return "ends too early";
      if (size === 8) {
        // Only integers may have 64 bits.
        if (major > 1 || !rules.rich) return "a length or number of 64 bits";
        position += 8;
        argument = 0;
      } else {
        argument = bytes[position++];
        for (let i = 1; i < size; i++) argument = argument * 0x100 + bytes[position++];
      }
    }

    if (major === TAG) {
      const wanted = rules.tags.get(argument);
      if (wanted === undefined) return `tag ${argument}`;
      if (position >= end) return "ends too early";
      const next = bytes[position];
      const found = next >> 5;
      const right = wanted === NUMBER
        ? found < 2 || (next >= 0xf9 && next <= 0xfb)
        : found === wanted;
      if (!right) return `tag ${argument} before something else`;
      if (argument === TAG_BIGINT || argument === TAG_NEGATIVE_BIGINT) longest = MAX_BIGINT_BYTES;
      // The tagged item follows.
      continue;
    }

    left--;
    if (++count > MAX_ITEMS) return `more than ${MAX_ITEMS} items`;
    if (major < 2) continue;

    // Each element takes at least one byte, so a length beyond the rest is false.
    if (argument > end - position) return "a length beyond the end";
    if (major === BYTES) {
      if (argument > longest) return `a bignum of more than ${longest} bytes`;
      longest = Infinity;
      position += argument;
    } else if (major === TEXT) {
      const past = position + argument;
      if (invalidUtf8At(bytes, position, past) !== -1) return "text that is not UTF-8";
      position = past;
    } else {
      if (major === MAP && !rules.rich) return "a map";
      if (depth === MAX_DEPTH) return `nested deeper than ${MAX_DEPTH}`;
      outer[depth++] = left;
      left = major === MAP ? 2 * argument : argument;
    }
  }
}
