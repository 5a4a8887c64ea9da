import { bigintBytes, bigintFits, MAX_BIGINT_BYTES } from "./bigint.ts";
import { describe, DETACHED, entriesOf, isReadable, kindOf, membersOf, timeOf } from "./kinds.ts";
import { KeySpread } from "./key_spread.ts";
import { MalformedError } from "./malformed.ts";
import { CborReader } from "./cbor_reader.ts";
import { MAX_DEPTH, MAX_ITEMS, scan, VALUE_RULES } from "./scan.ts";
import { TAG_BIGINT, TAG_DATE, TAG_MAP, TAG_NEGATIVE_BIGINT, TAG_SET } from "./tags.ts";
import { isWellFormed } from "./text.ts";
import { CborWriter, TooLarge } from "./cbor_writer.ts";

/**
 * Thrown for a value that cannot be stored: it is too large, or it is or contains something that
 * {@linkcode encodeValue} does not support. The message names the place and the fault, as in
 * `value.list[3]: a function cannot be stored`.
 */
export class UnencodableError extends Error {
  /** `message` names the place and the fault. */
  constructor(message: string) {
    super(message);
    this.name = "UnencodableError";
  }
}

/**
 * The bytes of a value, at most `maxBytes`. Supported are well-formed strings, numbers (NaN, infinities
 * and -0 are preserved), bigints from -2^8192 to 2^8192 - 1, booleans, null, `Uint8Array`, valid Dates,
 * arrays without holes, plain objects (their own enumerable properties with string names; a getter is
 * called once), Maps and Sets in their order, and `undefined` inside of these but not as the whole value.
 * Other values throw {@linkcode UnencodableError}: instances of other classes, functions, symbols (also as
 * names), lone surrogates, cycles, more than 64 levels, more than a million items. Exceptions of getters
 * and proxies are passed on.
 *
 * An object with a null prototype is decoded as an ordinary one. An object that occurs twice is decoded as
 * two copies. Of an array only the elements are stored.
 */
export function encodeValue(value: unknown, maxBytes: number): Uint8Array {
  const writer = new CborWriter(maxBytes);
  try {
    if (value === undefined) throw new UnencodableError("value: undefined cannot be stored");
    new ValueEncoder(writer).item(value);
    return writer.finish();
  } catch (error) {
    writer.discard();
    if (error instanceof TooLarge) {
      throw new UnencodableError(
        `value: at least ${error.bytes} bytes, more than ${maxBytes} bytes cannot be stored`,
      );
    }
    throw error;
  }
}

/**
 * Decodes a value. The result shares no memory with `bytes`, so the caller may change it. Throws
 * {@linkcode MalformedError} for bytes that {@linkcode encodeValue} cannot have made.
 */
export function decodeValue(bytes: Uint8Array): unknown {
  const wrong = scan(bytes, 0, VALUE_RULES);
  if (wrong !== undefined) throw new MalformedError(`not a value: ${wrong}`);
  const value = new CborReader(bytes, 0).item();
  if (value === undefined) throw new MalformedError("not a value: undefined");
  return value;
}

/** Returns the text of a step from a container to the place `at` in it, for error messages. */
type PathStep = (at: unknown) => string;

const here: PathStep = () => "";
const element: PathStep = (at) => `[${at}]`;
const property: PathStep = (at) =>
  /^[A-Za-z_$][\w$]*$/.test(at as string) ? `.${at}` : `[${JSON.stringify(at)}]`;
const mapKey: PathStep = (at) => `.keys()[${at}]`;
const mapValue: PathStep = (at) => `.values()[${at}]`;
const member: PathStep = (at) => `.values()[${at}]`;

/** Checks and encodes one value in a single pass, so that no part is read twice. */
class ValueEncoder {
  readonly #writer: CborWriter;
  #items = 0;
  /** The containers around the present item, outermost first. */
  readonly #containers: object[] = [];
  /** For each container, the step to the child that is being written. */
  readonly #steps: PathStep[] = [];
  readonly #places: unknown[] = [];

  constructor(writer: CborWriter) {
    this.#writer = writer;
  }

  #refuse(what: string): never {
    let path = "value";
    for (let i = 0; i < this.#containers.length; i++) path += this.#steps[i](this.#places[i]);
    throw new UnencodableError(`${path}: ${what} cannot be stored`);
  }

  #at(step: PathStep, place: unknown): void {
    const depth = this.#containers.length - 1;
    this.#steps[depth] = step;
    this.#places[depth] = place;
  }

  item(value: unknown): void {
    if (++this.#items > MAX_ITEMS) this.#refuse(`more than ${MAX_ITEMS} items`);
    switch (typeof value) {
      case "string":
        return this.#text(value);
      case "number":
        return this.#writer.number(value);
      case "boolean":
        return this.#writer.byte(value ? 0xf5 : 0xf4);
      case "undefined":
        return this.#writer.byte(0xf7);
      case "bigint":
        return this.#bigint(value);
      case "object":
        return value === null ? this.#writer.byte(0xf6) : this.#object(value);
      default:
        this.#refuse(describe(value));
    }
  }

  #text(text: string): void {
    if (!isWellFormed(text)) this.#refuse("a string with a lone surrogate");
    this.#writer.text(text);
  }

  #bigint(value: bigint): void {
    // Always as a bignum, even a small one: plain integers are decoded as numbers.
    if (!bigintFits(value)) this.#refuse(`a bigint of more than ${MAX_BIGINT_BYTES} bytes`);
    this.#writer.head(6, value < 0n ? TAG_NEGATIVE_BIGINT : TAG_BIGINT);
    this.#writer.bytes(bigintBytes(value < 0n ? -1n - value : value));
  }

  #object(value: object): void {
    switch (kindOf(value)) {
      case "bytes":
        if (!isReadable(value as Uint8Array)) this.#refuse(DETACHED);
        return this.#writer.bytes(value as Uint8Array);
      case "date":
        return this.#date(timeOf(value as Date));
      case "array":
        return this.#inside(value, () => this.#array(value as unknown[]));
      case "object":
        return this.#inside(value, () => this.#properties(value as Record<string, unknown>));
      case "map":
        return this.#inside(value, () => this.#map(entriesOf(value as Map<unknown, unknown>)));
      case "set":
        return this.#inside(value, () => this.#set(membersOf(value as Set<unknown>)));
      default:
        this.#refuse(describe(value));
    }
  }

  #inside(container: object, write: () => void): void {
    if (this.#containers.includes(container)) this.#refuse("a cycle");
    if (this.#containers.length === MAX_DEPTH) this.#refuse(`more than ${MAX_DEPTH} levels`);
    this.#containers.push(container);
    this.#at(here, undefined);
    write();
    this.#containers.pop();
  }

  #date(time: number): void {
    if (Number.isNaN(time)) this.#refuse("an invalid Date");
    this.#writer.head(6, TAG_DATE);
    this.#writer.number(time / 1000);
  }

  #array(array: unknown[]): void {
    const length = array.length;
    this.#writer.head(4, length);
    for (let i = 0; i < length; i++) {
      this.#at(element, i);
      const value = array[i];
      if (value === undefined && !Object.hasOwn(array, i)) this.#refuse("a hole in an array");
      this.item(value);
    }
  }

  #properties(object: Record<string, unknown>): void {
    const names = Object.keys(object);
    const symbol = Object.getOwnPropertySymbols(object)[0];
    if (symbol !== undefined) this.#refuse(`a property named ${String(symbol)}`);
    this.#writer.head(5, names.length);
    for (const name of names) {
      this.#at(property, name);
      this.#text(name);
      this.#items++;
      this.item(object[name]);
    }
  }

  #map(entries: [unknown, unknown][]): void {
    this.#writer.head(6, TAG_MAP);
    this.#writer.head(5, entries.length);
    const spread = new KeySpread(entries.length);
    for (let i = 0; i < entries.length; i++) {
      this.#at(mapKey, i);
      if (!spread.add(entries[i][0])) this.#refuse("a key that collides with too many others");
      this.item(entries[i][0]);
      this.#at(mapValue, i);
      this.item(entries[i][1]);
    }
  }

  #set(members: unknown[]): void {
    this.#writer.head(6, TAG_SET);
    this.#writer.head(4, members.length);
    const spread = new KeySpread(members.length);
    for (let i = 0; i < members.length; i++) {
      this.#at(member, i);
      if (!spread.add(members[i])) this.#refuse("a member that collides with too many others");
      this.item(members[i]);
    }
  }
}
