import { floatBytes, packDouble, unpackFloat } from "./float.ts";
import { textFrom } from "./text.ts";

/**
 * The CBOR of frames and of what is on disk: arrays of strings, numbers, booleans, null and bytes, in few types. Whole
 * numbers from -2^32 to 2^32 - 1 are integers, all others doubles; lengths have their shortest form.
 */

/** The size of the buffer at first, in bytes: more than most frames have. */
const SMALL = 8 * 1024;

/** The largest buffer kept for the next call, in bytes: a large frame must not occupy memory forever. */
const KEPT = 256 * 1024;

/** The length in characters up to which a loop is faster than a call into the runtime. */
const SHORT_TEXT = 100;

/** The longest head of an item, in bytes. */
const HEAD = 5;

const encoder = new TextEncoder();

/** What {@linkcode pack} writes into, and how far it has come. It calls no code of others, which could pack too. */
let buffer = new Uint8Array(SMALL);
let length = 0;

/** The byte `first` and the CBOR of `value`. Throws `TypeError` for what frames do not contain. */
export function pack(first: number, value: unknown): Uint8Array {
  buffer[0] = first;
  length = 1;
  write(value);
  return finish();
}

function finish(): Uint8Array {
  if (buffer.length <= KEPT) return buffer.slice(0, length);
  const bytes = buffer.subarray(0, length);
  buffer = new Uint8Array(SMALL);
  return bytes;
}

/** Decodes the CBOR in `bytes[start..]`, which must have passed the scan. Shares no memory with `bytes`. */
export function unpack(bytes: Uint8Array, start: number): unknown {
  begin(bytes, start);
  const value = read();
  source = NOTHING;
  return value;
}

function begin(bytes: Uint8Array, start: number): void {
  // A part of a Buffer is a Buffer, which shares its memory.
  const isPlain = Object.getPrototypeOf(bytes) === Uint8Array.prototype;
  source = isPlain ? bytes : new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  position = start;
}

/** Items that are packed already. */
export class Packed {
  /** Without a head. */
  readonly bytes: Uint8Array;

  /** The items of an array, as {@linkcode packItems} makes them. */
  constructor(bytes: Uint8Array) {
    this.bytes = bytes;
  }
}

/** The byte `first` and the CBOR of an array of `count` items: `parts`, of which some may be several items. */
export function packArray(first: number, count: number, parts: readonly unknown[]): Uint8Array {
  buffer[0] = first;
  length = 1;
  writeHead(4, count);
  for (let i = 0; i < parts.length; i++) write(parts[i]);
  return finish();
}

/** The CBOR of some items of an array, without its head. */
export function packItems(items: readonly unknown[]): Packed {
  length = 0;
  for (let i = 0; i < items.length; i++) write(items[i]);
  return new Packed(finish());
}

/** Decodes `count` items that follow each other from `start` on, as {@linkcode unpack} does. */
export function unpackItems(bytes: Uint8Array, start: number, count: number): unknown[] {
  begin(bytes, start);
  const items: unknown[] = [];
  for (let i = 0; i < count; i++) items.push(read());
  source = NOTHING;
  return items;
}

/** The end of `count` items that follow each other from `start` on. */
export function endOf(bytes: Uint8Array, start: number, count: number): number {
  unpackItems(bytes, start, count);
  return position;
}

function makeRoom(size: number): void {
  if (length + size <= buffer.length) return;
  const larger = new Uint8Array(Math.max(length + size + SMALL, 2 * buffer.length));
  larger.set(buffer.subarray(0, length));
  buffer = larger;
}

function write(value: unknown): void {
  switch (typeof value) {
    case "number":
      return writeNumber(value);
    case "string":
      return writeText(value);
    case "boolean":
      return writeByte(value ? 0xf5 : 0xf4);
    case "object":
      if (value === null) return writeByte(0xf6);
      if (value instanceof Uint8Array) return writeBytes(2, value);
      if (Array.isArray(value)) {
        writeHead(4, value.length);
        for (let i = 0; i < value.length; i++) write(value[i]);
        return;
      }
      if (value instanceof Packed) return writeRaw(value.bytes);
  }
  throw new TypeError(`a frame cannot contain a ${typeof value}`);
}

function writeByte(byte: number): void {
  makeRoom(1);
  buffer[length++] = byte;
}

/** Writes the major type of an item and its argument, from 0 to 2^32 - 1. */
function writeHead(major: number, argument: number): void {
  makeRoom(HEAD);
  const type = major << 5;
  if (argument < 24) {
    buffer[length++] = type | argument;
  } else if (argument < 0x100) {
    buffer[length++] = type | 24;
    buffer[length++] = argument;
  } else if (argument < 0x10000) {
    buffer[length++] = type | 25;
    buffer[length++] = argument >> 8;
    buffer[length++] = argument;
  } else {
    buffer[length++] = type | 26;
    buffer[length++] = argument >>> 24;
    buffer[length++] = argument >> 16;
    buffer[length++] = argument >> 8;
    buffer[length++] = argument;
  }
}

function writeNumber(value: number): void {
  // Both comparisons hold for whole numbers only; -0 becomes 0.
  if (value >>> 0 === value) return writeHead(0, value);
  if (-1 - value >>> 0 === -1 - value) return writeHead(1, -1 - value);
  makeRoom(9);
  buffer[length++] = 0xfb;
  packDouble(value);
  for (let i = 0; i < 8; i++) buffer[length++] = floatBytes[i];
}

/** Short text up to U+00FF in place: the ids of registers are that, and the head must be known before what follows it. */
function writeText(text: string): void {
  let size = text.length;
  if (size > SHORT_TEXT) return writeBytes(3, encoder.encode(text));
  for (let i = 0; i < text.length; i++) {
    const unit = text.charCodeAt(i);
    if (unit > 0xff) return writeBytes(3, encoder.encode(text));
    if (unit > 0x7f) size++;
  }
  makeRoom(HEAD + size);
  writeHead(3, size);
  for (let i = 0; i < text.length; i++) {
    const unit = text.charCodeAt(i);
    if (unit > 0x7f) {
      buffer[length++] = 0xc0 | (unit >> 6);
      buffer[length++] = 0x80 | (unit & 0x3f);
    } else {
      buffer[length++] = unit;
    }
  }
}

function writeBytes(major: number, bytes: Uint8Array): void {
  makeRoom(HEAD + bytes.length);
  writeHead(major, bytes.length);
  writeRaw(bytes);
}

function writeRaw(bytes: Uint8Array): void {
  makeRoom(bytes.length);
  buffer.set(bytes, length);
  length += bytes.length;
}

const NOTHING = new Uint8Array(0);

/** What {@linkcode unpack} reads, and where. */
let source: Uint8Array = NOTHING;
let position = 0;

/** Reads the next item. The recursion is as deep as the nesting, which the scan bounds. */
function read(): unknown {
  const head = source[position++];
  switch (head >> 5) {
    case 0:
      return readArgument(head & 0x1f);
    case 1:
      return -1 - readArgument(head & 0x1f);
    case 2: {
      const start = take(readArgument(head & 0x1f));
      return source.slice(start, position);
    }
    case 3: {
      const start = take(readArgument(head & 0x1f));
      return readText(start, position);
    }
    case 4: {
      const size = readArgument(head & 0x1f);
      // The scan has bounded it by what follows. One that grows has room for 16 items more than it gets.
      const array = new Array<unknown>(size);
      for (let i = 0; i < size; i++) array[i] = read();
      return array;
    }
    default:
      if (head === 0xf6) return null;
      if (head !== 0xfb) return head === 0xf5;
      for (let i = 0; i < 8; i++) floatBytes[i] = source[position++];
      return unpackFloat(8);
  }
}

function readArgument(argument: number): number {
  if (argument < 24) return argument;
  let value = source[position++];
  for (let size = (1 << (argument - 24)) - 1; size > 0; size--) {
    value = value * 0x100 + source[position++];
  }
  return value;
}

/** Skips `size` bytes, and returns their start. */
function take(size: number): number {
  const start = position;
  position += size;
  return start;
}

/** An array for the characters of each short text, by its length: made once, since most of a frame are texts. */
const characters: number[][] = [];

/** The text in `source[start..end)`: up to U+00FF if it is short, as it is written. */
function readText(start: number, end: number): string {
  let count = end - start;
  if (count > SHORT_TEXT) return textFrom(source, start, end);
  for (let i = start; i < end; i++) {
    const byte = source[i];
    if (byte < 0x80) continue;
    // Above U+00FF.
    if (byte > 0xc3) return textFrom(source, start, end);
    count--;
    i++;
  }
  const units = characters[count] ??= new Array<number>(count).fill(0);
  for (let i = start, at = 0; at < count; at++) {
    const byte = source[i++];
    units[at] = byte < 0x80 ? byte : ((byte & 0x03) << 6) | (source[i++] & 0x3f);
  }
  return String.fromCharCode.apply(null, units);
}
