/**
 * Everything between what the library works with and bytes: frames, the values of users, and the
 * names of registers. Nothing that came as bytes is used before it passed here.
 */
export { encodeConfiguration, readConfiguration } from "./codec/configuration_value.ts";
export { type DecodedFrame, decodeFrame, encodeFrame, FORMAT_VERSION } from "./codec/frame.ts";
export { decodeKey, encodeKey, type Key, type KeyPart, MAX_KEY_BYTES } from "./codec/key.ts";
export { isPlainObject } from "./codec/kinds.ts";
export {
  MAX_BINDINGS,
  MAX_FRAME_BYTES,
  MAX_HOSTS,
  MAX_LIST,
  MAX_MEMBERS,
  MAX_MESSAGES,
  MAX_TIMEOUT,
  MAX_TTL,
} from "./codec/limits.ts";
export { MESSAGE_BYTES } from "./codec/message_kind.ts";
export { MalformedError } from "./codec/malformed.ts";
export {
  GENESIS_PATTERN,
  GUEST_PATTERN,
  isNodeId,
  isSession,
  isSpecId,
  NODE_ID_FORM,
  NODE_ID_PATTERN,
  OWNER_PATTERN,
  SESSION_PATTERN,
} from "./codec/names.ts";
export {
  bucketPrefix,
  isRegisterId,
  MAX_BUCKET_BYTES,
  parseRegisterId,
  registerId,
} from "./codec/register_id.ts";
export { replySize } from "./codec/reply.ts";
export { payloadSize, requestHandler, requestSize } from "./codec/request.ts";
export { isFitFor, isPutOf } from "./codec/register_use.ts";
export { isWellFormed } from "./codec/text.ts";
export { decodeValue, encodeValue, UnencodableError } from "./codec/value.ts";
