import { MAX_FRAME_BYTES } from "../../lib/codec/limits.ts";
import { FrameReader, LENGTH_BYTES } from "../link/frame_stream.ts";
import { readBody } from "./body.ts";

/** As many frames travel together as have no more bytes than this, but at least one. */
export const MAX_BATCH = 1024 * 1024;

/** No body is longer: that of one frame, the longest that there is. */
const MAX_BODY = LENGTH_BYTES + MAX_FRAME_BYTES;

/** The header of a request that says for how many milliseconds it may be held. */
export const HOLD_HEADER = "synod-hold";

/** What bodies of frames are declared as. */
export const FRAMES_TYPE = "application/octet-stream";

/** The frames in a body, or `null` if it is too long or holds something else. */
export async function readFrames(message: Request | Response): Promise<Uint8Array[] | null> {
  const body = await readBody(message, MAX_BODY);
  if (body === null) return null;
  const reader = new FrameReader();
  const frames = reader.read(body);
  return reader.isAtEnd ? frames : null;
}
