import type { Frame, Header } from "../paxos/messages.ts";
import { MAX_COUNTER } from "../paxos/ballot.ts";
import { pack, unpack } from "./cbor_x.ts";
import { FieldReader, fields, integer, MalformedField, refuse } from "./frame_reader.ts";
import { FieldWriter } from "./frame_writer.ts";
import { decodeVector, genesis } from "./genesis.ts";
import { MAX_FRAME_BYTES, MAX_MESSAGES } from "./limits.ts";
import { decodeReply, encodeReply } from "./reply.ts";
import { decodeRequest, encodeRequest } from "./request.ts";
import { FRAME_RULES, scan } from "./scan.ts";

/** The first byte of every frame. Whoever meets another version says so and does not guess. */
export const FORMAT_VERSION: number = 2;

/** What became of the bytes of a frame. */
export type DecodedFrame =
  | {
    readonly ok: true;
    readonly frame: Frame;
    /** The highest counter that the frame names, be it its clock, a ballot or a token. */
    readonly highest: number;
  }
  /** A frame of another version of the format, whatever it says. */
  | { readonly ok: false; readonly reason: "version"; readonly version: number }
  /** Not a frame; `detail` says what is wrong with it. */
  | { readonly ok: false; readonly reason: "malformed"; readonly detail: string };

/** The fields of a frame: those of its header, then what it carries. */
const FIELDS = 9;

/**
 * The bytes of a frame. Its content is trusted: it comes from this node. (Throws `TypeError` for a
 * session, an operation or a pid that is none.) It may be longer than {@linkcode MAX_FRAME_BYTES},
 * which the caller has to prevent: no node takes such a frame.
 */
export function encodeFrame(frame: Frame): Uint8Array {
  const { life, clock, genesis, epoch, incarnation, vector } = frame.header;
  const to = new FieldWriter(clock);
  // The fields that name lives in the order in which they are read.
  return pack(FORMAT_VERSION, [
    clock,
    to.life(life),
    genesis,
    epoch,
    incarnation === null ? null : to.life(incarnation),
    vector.map((life) => to.life(life)),
    frame.requests.map((request) => encodeRequest(request, to)),
    frame.repliesTo === null ? null : to.life(frame.repliesTo),
    frame.replies.map((reply) => encodeReply(reply, to)),
  ]);
}

/**
 * The frame that these bytes are, if they are one in every detail: one wrong message, and nothing of
 * the frame is taken. Never throws, whatever the bytes. What it returns shares nothing with them.
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
  const header: Header = {
    life: from.life(frame[1]),
    clock,
    genesis: frame[2] === null ? null : genesis(frame[2]),
    epoch: integer(frame[3]),
    incarnation: from.lifeOrNull(frame[4]),
    vector: decodeVector(frame[5], from),
  };
  const read = {
    header,
    requests: from.list(frame[6], MAX_MESSAGES, (request) => decodeRequest(request, from)),
    repliesTo: from.lifeOrNull(frame[7]),
    replies: from.list(frame[8], MAX_MESSAGES, (reply) => decodeReply(reply, from)),
  };
  return { frame: read, highest: from.highest };
}
