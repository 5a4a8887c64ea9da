import { Encoder } from "cbor-x/index-no-eval";

/**
 * The only use of cbor-x. Its `index-no-eval` build runs in runtimes that forbid code from strings (the
 * edge). Options: plain CBOR maps instead of records, map lengths in their shortest form, bytes without a
 * tag, and decoded bytes that do not share the memory of their source.
 *
 * It encodes only frames, which are arrays of strings, numbers, booleans, null and bytes: for those it is
 * exact. It is not exact for the values of users (it loses -0, a property named `__proto__`, and a leading
 * U+FEFF in a long text). Its extensions are global: other code that imports the module can change the
 * encoding of a Date.
 */
const encoder = new Encoder({
  useRecords: false,
  variableMapSize: true,
  tagUint8Array: false,
  copyBuffers: true,
}) as { encode(value: unknown): Uint8Array; decode(bytes: Uint8Array): unknown };

/** The byte `first` and the CBOR of `value`. */
export function pack(first: number, value: unknown): Uint8Array {
  // A view of a buffer that all encodings share, so it must be copied in any case.
  const encoded = encoder.encode(value);
  const bytes = new Uint8Array(1 + encoded.length);
  bytes[0] = first;
  bytes.set(encoded, 1);
  return bytes;
}

/** Decodes the CBOR in `bytes[start..]`, which must have passed the scan. */
export function unpack(bytes: Uint8Array, start: number): unknown {
  // A plain Uint8Array, because cbor-x would decode a Buffer to Buffers; and a new one, because cbor-x
  // adds a property to its source.
  return encoder.decode(
    new Uint8Array(bytes.buffer, bytes.byteOffset + start, bytes.byteLength - start),
  );
}
