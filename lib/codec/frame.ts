import type { Frame, Header } from "../paxos/messages.ts";
import { MAX_COUNTER } from "../paxos/ballot.ts";
import {
  keepRead,
  keepWritten,
  readHeader,
  type WrittenHeader,
  writtenHeader,
} from "./known_headers.ts";
import { endOf, packArray, packItems, unpack, unpackItems } from "./pack.ts";
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
  const { header, repliesTo } = frame;
  const known = writtenHeader(header) ?? encodeHeader(header);
  const to = new FieldWriter(header.clock, known.lives);
  // Lives must be encoded in the order in which they are decoded.
  return packArray(FORMAT_VERSION, FIELDS, [
    header.clock,
    known.packed,
    frame.requests.map((request) => encodeRequest(request, to)),
    repliesTo === null ? null : to.life(repliesTo),
    frame.replies.map((reply) => encodeReply(reply, to)),
  ]);
}

/** Encodes a header without its clock. */
function encodeHeader(header: Header): WrittenHeader {
  const { life, genesis, epoch, unsettled, incarnation, vector } = header;
  const to = new FieldWriter(header.clock);
  const packed = packItems([
    to.life(life),
    genesis,
    2 * epoch + (unsettled === true ? 1 : 0),
    incarnation === null ? null : to.life(incarnation),
    vector.map((life) => to.life(life)),
  ]);
  const known = { packed, lives: to.lives, header };
  keepWritten(known);
  return known;
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
    return { ok: true, ...readFrame(bytes) };
  } catch (error) {
    return malformed(
      error instanceof MalformedField ? error.detail : `cannot be decoded: ${error}`,
    );
  }
}

function malformed(detail: string): DecodedFrame {
  return { ok: false, reason: "malformed", detail };
}

/** The first bytes of nearly every frame: the version, an array of all fields, and a clock of more than 32 bits. */
const USUAL_HEAD = [0x80 | FIELDS, 0xfb];

/** Where the rest of its header begins then. */
const REST_AT = 11;

/** The number of fields of the rest of a header, and of those that follow it. */
const REST = 5;
const CONTENT = 3;

function readFrame(bytes: Uint8Array): { frame: Frame; highest: number } {
  const isUsual = bytes[1] === USUAL_HEAD[0] && bytes[2] === USUAL_HEAD[1];
  const known = isUsual ? readHeader(bytes, REST_AT) : undefined;
  if (known === undefined) return readWhole(bytes, isUsual);
  const { lives, header } = known;
  const clock = clockOf(unpackItems(bytes, 2, 1)[0]);
  const from = new FieldReader(clock, lives);
  const content = unpackItems(bytes, REST_AT + known.bytes.length, CONTENT);
  return readContent({ ...header, clock }, content, from);
}

/** Reads a frame whose header is not known, and keeps that if it is a usual one. */
function readWhole(bytes: Uint8Array, isUsual: boolean): { frame: Frame; highest: number } {
  const frame = fields(unpack(bytes, 1), FIELDS);
  const clock = clockOf(frame[0]);
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
  if (isUsual) {
    const end = endOf(bytes, REST_AT, REST);
    // A slice of a Buffer would share its memory.
    const rest = new Uint8Array(bytes.subarray(REST_AT, end));
    keepRead({ bytes: rest, lives: from.lives, header });
  }
  return readContent(header, frame.slice(1 + REST), from);
}

function clockOf(field: unknown): number {
  const clock = integer(field);
  return clock < MAX_COUNTER ? clock : refuse("a clock out of range");
}

function readContent(
  header: Header,
  [requests, repliesTo, replies]: readonly unknown[],
  from: FieldReader,
): { frame: Frame; highest: number } {
  const frame = {
    header,
    requests: from.list(requests, MAX_MESSAGES, (request) => decodeRequest(request, from)),
    repliesTo: from.lifeOrNull(repliesTo),
    replies: from.list(replies, MAX_MESSAGES, (reply) => decodeReply(reply, from)),
  };
  return { frame, highest: from.highest };
}
