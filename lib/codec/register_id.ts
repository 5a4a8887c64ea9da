import {
  bucketOf,
  DEFAULT_BUCKET,
  kindOf,
  REGISTER_KINDS,
  type RegisterId,
  type RegisterKind,
} from "../paxos/register.ts";
import { decodeKey, encodeKey, type Key, MAX_KEY_BYTES } from "./key.ts";
import { MalformedError } from "./malformed.ts";

/** The longest encoded name of a bucket, in bytes. */
export const MAX_BUCKET_BYTES: number = 1024;

const MAX_LENGTH = 1 + MAX_BUCKET_BYTES + MAX_KEY_BYTES;

const BYTES = new RegExp(`^[${Object.values(REGISTER_KINDS).join("")}][\\0-\\xff]+$`);

/**
 * The id of the register for `key` in `bucket` (`undefined`: the default bucket). Throws `TypeError` for
 * an invalid key or name of a bucket.
 */
export function registerId(
  kind: RegisterKind,
  bucket: string | undefined,
  key: Key,
): RegisterId {
  return bucketPrefix(kind, bucket) + encodeKey(key);
}

/**
 * The common prefix of the ids of all registers of this kind in `bucket`, which no other id has. Throws
 * `TypeError` for an invalid name of a bucket.
 */
export function bucketPrefix(kind: RegisterKind, bucket: string | undefined): string {
  if (bucket === undefined) return kind + DEFAULT_BUCKET;
  if (typeof bucket !== "string") {
    throw new TypeError(`the name of a bucket must be a string, not ${typeof bucket}`);
  }
  const encoded = encodeKey(bucket);
  if (encoded.length > MAX_BUCKET_BYTES) {
    throw new TypeError(`the name of a bucket must not take more than ${MAX_BUCKET_BYTES} bytes`);
  }
  return kind + encoded;
}

/**
 * Parses an id. The key equals the original one, but may be another JavaScript value. Throws
 * {@linkcode MalformedError} for an id that {@linkcode registerId} cannot have made.
 */
export function parseRegisterId(
  id: RegisterId,
): { kind: RegisterKind; bucket: string | undefined; key: Key } {
  if (!isRegisterId(id)) throw new MalformedError("not the id of a register");
  const kind = kindOf(id);
  const prefix = bucketOf(id);
  const encoded = prefix.slice(1);
  const bucket = encoded === DEFAULT_BUCKET ? undefined : decodeKey(encoded);
  if ((bucket !== undefined && typeof bucket !== "string") || encoded.length > MAX_BUCKET_BYTES) {
    throw new MalformedError("not the id of a register: its bucket has no valid name");
  }
  return { kind, bucket, key: decodeKey(id.slice(prefix.length)) };
}

const ASCII = /^[\0-\x7f]*$/;

/**
 * The key of a register in the default bucket if it is a text of at most 255 characters, all of them ASCII; otherwise
 * `undefined`. Most are, and {@linkcode parseRegisterId} takes ten times as long: it decodes the key, and encodes it again
 * to see that this is its only form.
 */
export function plainKey(id: RegisterId): string | undefined {
  if (id[1] !== DEFAULT_BUCKET) return undefined;
  const head = id.charCodeAt(2);
  const isLong = head === 0x78;
  const length = isLong ? id.charCodeAt(3) : head - 0x60;
  // A shorter text has its length in the head.
  if (isLong ? length < 24 : !(length >= 0 && length < 24)) return undefined;
  const start = isLong ? 4 : 3;
  const text = id.slice(start);
  return text.length === length && ASCII.test(text) ? text : undefined;
}

/** Whether {@linkcode parseRegisterId} accepts `id`: it names a bucket and a key. */
export function isWholeRegisterId(id: RegisterId): boolean {
  try {
    parseRegisterId(id);
    return true;
  } catch (error) {
    if (error instanceof MalformedError) return false;
    throw error;
  }
}

/**
 * Whether `text` has the form of an id: a cheap check for ids from the network. Its bucket or key may
 * still be malformed; {@linkcode parseRegisterId} checks that.
 */
export function isRegisterId(text: unknown): text is RegisterId {
  return typeof text === "string" && text.length >= 3 && text.length <= MAX_LENGTH &&
    BYTES.test(text);
}

/** Whether `text` has the form of a result of {@linkcode bucketPrefix}. */
export function isBucketPrefix(text: unknown): text is string {
  return typeof text === "string" && text.length <= 1 + MAX_BUCKET_BYTES && BYTES.test(text);
}
