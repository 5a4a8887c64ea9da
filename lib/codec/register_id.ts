import type { RegisterId } from "../paxos/register.ts";
import { decodeKey, encodeKey, type Key, MAX_KEY_BYTES } from "./key.ts";
import { MalformedError } from "./malformed.ts";

/** What a register is for: a key of the KV, a lock, a singleton, or the configuration. */
export type RegisterKind = "k" | "l" | "s" | "c";

/** The name of a bucket takes at most this many bytes. */
export const MAX_BUCKET_BYTES: number = 1024;

const MAX_LENGTH = 1 + MAX_BUCKET_BYTES + MAX_KEY_BYTES;

/** The default bucket is null, and every other a string: no name reaches it. */
const DEFAULT_BUCKET = "\xf6";

const BYTES = /^[klsc][\0-\xff]+$/;

/**
 * The id of the register for `key` in `bucket` (`undefined`: the default bucket). Throws `TypeError`
 * for what cannot be a key or the name of a bucket.
 */
export function registerId(
  kind: RegisterKind,
  bucket: string | undefined,
  key: Key,
): RegisterId {
  return bucketPrefix(kind, bucket) + encodeKey(key);
}

/**
 * What the ids of the registers of this kind in `bucket` begin with, and no others. Throws
 * `TypeError` for what cannot be the name of a bucket.
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
 * Takes an id apart again, into the same key though perhaps another JavaScript value. Throws
 * {@linkcode MalformedError} for anything that {@linkcode registerId} cannot have made.
 */
export function parseRegisterId(
  id: RegisterId,
): { kind: RegisterKind; bucket: string | undefined; key: Key } {
  if (!isRegisterId(id)) throw new MalformedError("not the id of a register");
  const kind = id[0] as RegisterKind;
  const end = bucketEnd(id);
  const encoded = id.slice(1, end);
  const bucket = encoded === DEFAULT_BUCKET ? undefined : decodeKey(encoded);
  if ((bucket !== undefined && typeof bucket !== "string") || encoded.length > MAX_BUCKET_BYTES) {
    throw new MalformedError("not the id of a register: its bucket has no name");
  }
  return { kind, bucket, key: decodeKey(id.slice(end)) };
}

/** Where the bucket of an id ends; some place in it or past it, if the id is malformed. */
function bucketEnd(id: RegisterId): number {
  if (id[1] === DEFAULT_BUCKET) return 2;
  // Text, or bytes behind the three bytes of the tag for lone surrogates.
  let position = id[1] === "\xd9" ? 4 : 1;
  const argument = id.charCodeAt(position++) & 0x1f;
  if (argument < 24) return position + argument;
  const first = id.charCodeAt(position++);
  if (argument === 24) return position + first;
  return position + 1 + (first << 8) + id.charCodeAt(position);
}

/** Whether `id` names a bucket and a key: {@linkcode parseRegisterId} takes it. */
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
 * Whether `text` has the shape of an id: cheap, for what comes from the network. It may still name
 * no bucket or key; {@linkcode parseRegisterId} tells.
 */
export function isRegisterId(text: unknown): text is RegisterId {
  return typeof text === "string" && text.length >= 3 && text.length <= MAX_LENGTH &&
    BYTES.test(text);
}

/** Whether `text` has the shape of what {@linkcode bucketPrefix} makes. */
export function isBucketPrefix(text: unknown): text is string {
  return typeof text === "string" && text.length <= 1 + MAX_BUCKET_BYTES && BYTES.test(text);
}
