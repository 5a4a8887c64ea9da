import { Encoder } from "cbor-x/index-no-eval";

/**
 * The one place that knows cbor-x. Its `index-no-eval` build runs where code from strings is
 * forbidden (the edge). Options: plain CBOR maps instead of records, the shortest length of a map,
 * bytes without a tag, and decoded bytes that do not share the memory of their source.
 *
 * Frames only, and only arrays of strings, numbers, booleans, null and bytes: for those it is exact.
 * It is not for all that users store (it loses -0, a property named `__proto__`, and a leading
 * U+FEFF in a long text), and its extensions are global, so that another user of the module can
 * change what becomes of a Date.
 */
const encoder = new Encoder({
  useRecords: false,
  variableMapSize: true,
  tagUint8Array: false,
  copyBuffers: true,
}) as { encode(value: unknown): Uint8Array; decode(bytes: Uint8Array): unknown };

/** The CBOR of `value`, behind the byte `first`. */
export function pack(first: number, value: unknown): Uint8Array {
  // A view of a buffer that is shared by all that is encoded: it must be copied in any case.
  const encoded = encoder.encode(value);
  const bytes = new Uint8Array(1 + encoded.length);
  bytes[0] = first;
  bytes.set(encoded, 1);
  return bytes;
}

/** What the CBOR in `bytes[start..]` says; it must have passed the scan. */
export function unpack(bytes: Uint8Array, start: number): unknown {
  // A plain Uint8Array: from a Buffer, cbor-x would make Buffers. And a new one, because it leaves
  // a property behind on what it decodes.
  return encoder.decode(
    new Uint8Array(bytes.buffer, bytes.byteOffset + start, bytes.byteLength - start),
  );
}
