import { bigintFrom } from "./bigint.ts";
import { floatBytes, unpackFloat } from "./float.ts";
import { KeySpread } from "./key_spread.ts";
import { MalformedError } from "./malformed.ts";
import { TAG_BIGINT, TAG_DATE, TAG_MAP, TAG_NEGATIVE_BIGINT, TAG_SET } from "./tags.ts";
import { textFrom, textFromWtf8 } from "./text.ts";

/**
 * Decodes the CBOR of values and keys exactly. A general decoder loses some values of users (a property
 * named `__proto__`, a leading U+FEFF in a long text). It trusts lengths, nesting, tags and text, which
 * the scan has checked; other faults throw {@linkcode MalformedError}. Its results share no memory with
 * the bytes.
 */
export class CborReader {
  readonly #bytes: Uint8Array;
  #position: number;

  /** Reads `bytes[start..]`, which must have passed the scan. */
  constructor(bytes: Uint8Array, start: number) {
    this.#bytes = bytes;
    this.#position = start;
  }

  /** Decodes the next item. The recursion is as deep as the nesting, which the scan bounds. */
  item(): unknown {
    const head = this.#bytes[this.#position++];
    const argument = head & 0x1f;
    switch (head >> 5) {
      case 0:
        return this.#integer(argument, false);
      case 1:
        return this.#integer(argument, true);
      case 2:
        return this.#blob(this.#argument(argument));
      case 3:
        return this.#text(this.#argument(argument));
      case 4:
        return this.#array(this.#argument(argument));
      case 5:
        return this.#object(this.#argument(argument));
      case 6:
        return this.#tagged(this.#argument(argument));
      default:
        return this.#simple(argument);
    }
  }

  /** A length, a tag, or an integer; one above 2^53 is rounded. */
  #argument(argument: number): number {
    if (argument < 24) return argument;
    let value = 0;
    for (let size = 1 << (argument - 24); size > 0; size--) {
      value = value * 0x100 + this.#bytes[this.#position++];
    }
    return value;
  }

  /** A number if it is a safe integer, else a bigint. */
  #integer(argument: number, negative: boolean): number | bigint {
    const start = this.#position;
    const sum = this.#argument(argument);
    const number = negative ? -1 - sum : sum;
    if (Number.isSafeInteger(number)) return number;
    // The sum was rounded.
    const magnitude = bigintFrom(this.#bytes, start, this.#position);
    return negative ? -1n - magnitude : magnitude;
  }

  /** Skips `length` bytes, and returns their start. */
  #take(length: number): number {
    const start = this.#position;
    this.#position += length;
    return start;
  }

  #blob(length: number): Uint8Array {
    const start = this.#take(length);
    return new Uint8Array(this.#bytes.subarray(start, start + length));
  }

  #text(length: number): string {
    const start = this.#take(length);
    return textFrom(this.#bytes, start, start + length);
  }

  #array(length: number): unknown[] {
    const array: unknown[] = [];
    for (let i = 0; i < length; i++) array.push(this.item());
    return array;
  }

  #object(size: number): Record<string, unknown> {
    const object: Record<string, unknown> = {};
    for (let i = 0; i < size; i++) {
      const name = this.item();
      if (typeof name !== "string") throw new MalformedError("a property whose name is no string");
      if (Object.hasOwn(object, name)) throw new MalformedError("a duplicate property");
      const value = this.item();
      if (name === "__proto__") {
        // An assignment would set the prototype instead.
        Object.defineProperty(object, name, {
          value,
          writable: true,
          enumerable: true,
          configurable: true,
        });
      } else {
        object[name] = value;
      }
    }
    return object;
  }

  #map(size: number): Map<unknown, unknown> {
    const map = new Map<unknown, unknown>();
    const spread = new KeySpread(size);
    for (let i = 0; i < size; i++) {
      const key = this.item();
      if (!spread.add(key)) throw new MalformedError("keys of a Map that collide");
      map.set(key, this.item());
    }
    if (map.size !== size) throw new MalformedError("a duplicate key of a Map");
    return map;
  }

  #set(length: number): Set<unknown> {
    const set = new Set<unknown>();
    const spread = new KeySpread(length);
    for (let i = 0; i < length; i++) {
      const member = this.item();
      if (!spread.add(member)) throw new MalformedError("members of a Set that collide");
      set.add(member);
    }
    if (set.size !== length) throw new MalformedError("a duplicate member of a Set");
    return set;
  }

  #tagged(tag: number): unknown {
    if (tag === TAG_DATE) return this.#date();
    const length = this.#argument(this.#bytes[this.#position++] & 0x1f);
    if (tag === TAG_SET) return this.#set(length);
    if (tag === TAG_MAP) return this.#map(length);
    const start = this.#take(length);
    const end = start + length;
    if (tag === TAG_BIGINT) return bigintFrom(this.#bytes, start, end);
    if (tag === TAG_NEGATIVE_BIGINT) return -1n - bigintFrom(this.#bytes, start, end);
    return textFromWtf8(this.#bytes, start, end);
  }

  #date(): Date {
    const date = new Date(millisecondsOf(Number(this.item())));
    if (Number.isNaN(date.getTime())) throw new MalformedError("an invalid Date");
    return date;
  }

  #simple(argument: number): unknown {
    switch (argument) {
      case 20:
        return false;
      case 21:
        return true;
      case 22:
        return null;
      case 23:
        return undefined;
      default: {
        const size = argument === 25 ? 2 : argument === 26 ? 4 : 8;
        const start = this.#take(size);
        for (let i = 0; i < size; i++) floatBytes[i] = this.#bytes[start + i];
        return unpackFloat(size);
      }
    }
  }
}

/**
 * The integer number of milliseconds whose quotient by 1000 is `seconds`. The quotient is rounded to a
 * double. Beyond the year 141,000 that is so coarse that the product can lie half-way between two
 * integers, which `round` rounds up. No two times of a Date have the same quotient, so the check decides.
 */
function millisecondsOf(seconds: number): number {
  const product = Math.round(seconds * 1000);
  return (product - 1) / 1000 === seconds ? product - 1 : product;
}
