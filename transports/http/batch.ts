import { MAX_FRAME_BYTES } from "../../lib/codec/limits.ts";
import { FrameReader, LENGTH_BYTES } from "../link/frame_stream.ts";
import { readBody } from "./body.ts";

/** The largest batch of frames in one body, in bytes; a batch of a single frame may be larger. */
export const MAX_BATCH = 1024 * 1024;

/** The longest body, in bytes: one frame of the greatest length. */
const MAX_BODY = LENGTH_BYTES + MAX_FRAME_BYTES;

/** The request header with the longest time to hold the request, in milliseconds. */
export const HOLD_HEADER = "synod-hold";

/** The request header of a guest: the name of the cluster, and the id and life of the guest. */
export const GUEST_HEADER = "synod-guest";

/** The media type of bodies with frames. */
export const FRAMES_TYPE = "application/octet-stream";

/**
 * The headers of a response after which the connection is of no use: a server that stops waits for its connections,
 * and in Node a peer that tries again would keep one open.
 */
export const LAST_RESPONSE = { connection: "close" } as const;

/**
 * The frames in a body, or `null` if the body is too long or malformed. `longest`: the longest frame, in bytes, by default
 * that of nodes.
 */
export async function readFrames(
  message: Request | Response,
  longest: number = MAX_FRAME_BYTES,
): Promise<Uint8Array[] | null> {
  const body = await readBody(message, MAX_BODY);
  if (body === null) return null;
  const reader = new FrameReader(longest);
  const frames = reader.read(body);
  return reader.isAtEnd ? frames : null;
}
