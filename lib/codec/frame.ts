import type { Frame, Header } from "../paxos/messages.ts";
import { MAX_COUNTER } from "../paxos/ballot.ts";
import { pack, unpack } from "./pack.ts";
import { FieldReader, fields, integer, MalformedField, refuse } from "./field_reader.ts";
import { FieldWriter } from "./field_writer.ts";
import { decodeVector, genesis } from "./genesis.ts";
import { MAX_FRAME_BYTES, MAX_MESSAGES } from "./limits.ts";
import { decodeReply, encodeReply } from "./reply.ts";
import { decodeRequest, encodeRequest } from "./request.ts";
import { FRAME_RULES, scan } from "./scan.ts";

/** The first byte of every frame. A frame of another version is reported and not decoded. */
export const FORMAT_VERSION: number = 2;

/** The result of decoding a frame. */
export type DecodedFrame =
  | {
    readonly ok: true;
    readonly frame: Frame;
    /** The highest counter in the frame, including its clock. */
    readonly highest: number;
  }
  /** A frame of another version of the format; the rest of it is not read. */
  | { readonly ok: false; readonly reason: "version"; readonly version: number }
  /** Not a frame; `detail` says what is wrong with it. */
  | { readonly ok: false; readonly reason: "malformed"; readonly detail: string };

/** The number of fields of a frame: those of its header, then requests and replies. */
const FIELDS = 9;

/**
 * The bytes of a frame. The content is trusted: it comes from this node. Throws `TypeError` for an invalid
 * session, operation or pid. The result may be longer than {@linkcode MAX_FRAME_BYTES}: the caller must
 * prevent that, because no node accepts such a frame.
 */
export function encodeFrame(frame: Frame): Uint8Array {
  const { life, clock, genesis, epoch, unsettled, incarnation, vector } = frame.header;
  const to = new FieldWriter(clock);
  // Lives must be encoded in the order in which they are decoded.
  return pack(FORMAT_VERSION, [
    clock,
    to.life(life),
    genesis,
    2 * epoch + (unsettled === true ? 1 : 0),
    incarnation === null ? null : to.life(incarnation),
    vector.map((life) => to.life(life)),
    frame.requests.map((request) => encodeRequest(request, to)),
    frame.repliesTo === null ? null : to.life(frame.repliesTo),
    frame.replies.map((reply) => encodeReply(reply, to)),
  ]);
}

/**
 * Decodes a frame. A frame with one malformed message is malformed as a whole. Never throws. The result
 * shares no memory with `bytes`.
 */
export function decodeFrame(bytes: Uint8Array): DecodedFrame {
  if (bytes.length === 0) return malformed("empty");
  if (bytes[0] !== FORMAT_VERSION) return { ok: false, reason: "version", version: bytes[0] };
  if (bytes.length > MAX_FRAME_BYTES) return malformed(`longer than ${MAX_FRAME_BYTES} bytes`);
  try {
    const wrong = scan(bytes, 1, FRAME_RULES);
    if (wrong !== undefined) return malformed(wrong);
    return { ok: true, ...readFrame(unpack(bytes, 1)) };
  } catch (error) {
    return malformed(
      error instanceof MalformedField ? error.detail : `cannot be decoded: ${error}`,
    );
  }
}

function malformed(detail: string): DecodedFrame {
  return { ok: false, reason: "malformed", detail };
}

function readFrame(decoded: unknown): { frame: Frame; highest: number } {
  const frame = fields(decoded, FIELDS);
  const clock = integer(frame[0]);
  if (clock >= MAX_COUNTER) refuse("a clock out of range");
  const from = new FieldReader(clock);
  const mark = integer(frame[3]);
  const settled: Header = {
    life: from.life(frame[1]),
    clock,
    genesis: frame[2] === null ? null : genesis(frame[2]),
    epoch: Math.floor(mark / 2),
    incarnation: from.lifeOrNull(frame[4]),
    vector: decodeVector(frame[5], from),
  };
  // Nearly all of them; a literal with a spread in it takes runtimes longer than all the rest.
  const header = mark % 2 === 0 ? settled : { ...settled, unsettled: true as const };
  const read = {
    header,
    requests: from.list(frame[6], MAX_MESSAGES, (request) => decodeRequest(request, from)),
    repliesTo: from.lifeOrNull(frame[7]),
    replies: from.list(frame[8], MAX_MESSAGES, (reply) => decodeReply(reply, from)),
  };
  return { frame: read, highest: from.highest };
}
