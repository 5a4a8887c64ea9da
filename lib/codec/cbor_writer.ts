import { floatBytes, packFloat } from "./float.ts";

/** Thrown by a {@linkcode CborWriter} when its limit is exceeded. */
export class TooLarge {
  /** The number of bytes up to and including the part that did not fit; later parts are not counted. */
  readonly bytes: number;

  /** `bytes` is a lower bound of the whole size. */
  constructor(bytes: number) {
    this.bytes = bytes;
  }
}

/** The length in characters up to which a loop is faster than a call into the runtime. */
const SHORT_TEXT = 60;

/** The largest buffer kept for the next writer, in bytes: a large value must not occupy memory forever. */
const KEPT_BYTES = 64 * 1024;

const encoder = new TextEncoder();

/** The buffer of the last writer, for the next one; `undefined` while it is in use. */
let spare: Uint8Array | undefined;

/**
 * A growing buffer with a limit, which writes the basic items of CBOR in their shortest form. Call
 * {@linkcode CborWriter.finish} or {@linkcode CborWriter.discard} at the end, and do not use it afterwards.
 */
export class CborWriter {
  readonly #limit: number;
  #buffer: Uint8Array;
  #length = 0;

  /** A writer that holds at most `limit` bytes; one more throws {@linkcode TooLarge}. */
  constructor(limit: number) {
    this.#limit = limit;
    // Taken, not shared: a getter of the written value may itself write a value.
    this.#buffer = spare ?? new Uint8Array(1024);
    spare = undefined;
  }

  /** Returns a copy of the written bytes, and ends the writer. */
  finish(): Uint8Array {
    const bytes = this.#buffer.slice(0, this.#length);
    this.discard();
    return bytes;
  }

  /** Returns the buffer for reuse, and ends the writer. */
  discard(): void {
    if (this.#buffer.length <= KEPT_BYTES) spare = this.#buffer;
  }

  #makeRoom(size: number): void {
    const needed = this.#length + size;
    if (needed > this.#limit) throw new TooLarge(needed);
    if (needed <= this.#buffer.length) return;
    const larger = new Uint8Array(Math.max(needed, 2 * this.#buffer.length));
    larger.set(this.#buffer.subarray(0, this.#length));
    this.#buffer = larger;
  }

  /** Writes one raw byte. */
  byte(byte: number): void {
    this.#makeRoom(1);
    this.#buffer[this.#length++] = byte;
  }

  /** Writes raw bytes. */
  raw(bytes: Uint8Array): void {
    this.#makeRoom(bytes.length);
    this.#buffer.set(bytes, this.#length);
    this.#length += bytes.length;
  }

  /** Writes the head of an item: its major type, and an argument from 0 to 2^53 - 1. */
  head(major: number, argument: number): void {
    const type = major << 5;
    if (argument < 24) return this.byte(type | argument);
    const size = argument < 0x100 ? 1 : argument < 0x10000 ? 2 : argument < 0x100000000 ? 4 : 8;
    this.#makeRoom(1 + size);
    this.#buffer[this.#length] = type | (size === 1 ? 24 : size === 2 ? 25 : size === 4 ? 26 : 27);
    for (let i = size; i > 0; i--) {
      this.#buffer[this.#length + i] = argument % 0x100;
      argument = Math.floor(argument / 0x100);
    }
    this.#length += 1 + size;
  }

  /** Writes a number: a safe integer as an integer, others and -0 as the shortest float. */
  number(value: number): void {
    if (Number.isSafeInteger(value) && !Object.is(value, -0)) {
      if (value < 0) this.head(1, -1 - value);
      else this.head(0, value);
      return;
    }
    const size = packFloat(value);
    this.#makeRoom(1 + size);
    this.#buffer[this.#length++] = size === 2 ? 0xf9 : size === 4 ? 0xfa : 0xfb;
    for (let i = 0; i < size; i++) this.#buffer[this.#length++] = floatBytes[i];
  }

  /** Writes a text, which must be well-formed. */
  text(text: string): void {
    const length = text.length;
    // UTF-8 is never shorter than the text: a text that cannot fit is not encoded.
    this.#makeRoom(length);
    if (length > SHORT_TEXT) return this.#longText(text);
    const begin = this.#length;
    this.head(3, length);
    this.#makeRoom(length);
    for (let i = 0; i < length; i++) {
      const unit = text.charCodeAt(i);
      if (unit > 0x7f) {
        this.#length = begin;
        return this.#longText(text);
      }
      this.#buffer[this.#length++] = unit;
    }
  }

  #longText(text: string): void {
    this.bytes(encoder.encode(text), 3);
  }

  /** Writes a byte string, or with `major` 3 a text whose UTF-8 is `bytes`. */
  bytes(bytes: Uint8Array, major: 2 | 3 = 2): void {
    this.head(major, bytes.length);
    this.raw(bytes);
  }
}
