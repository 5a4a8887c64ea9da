import { assert, assertEquals, assertInstanceOf, assertStringIncludes } from "@std/assert";
import { Encoder } from "cbor-x/index-no-eval";
import { decodeFrame, encodeFrame, FORMAT_VERSION } from "../../../lib/codec.ts";
import { FieldReader, MalformedField } from "../../../lib/codec/field_reader.ts";
import { FieldWriter } from "../../../lib/codec/field_writer.ts";
import { decodeReply, encodeReply } from "../../../lib/codec/reply.ts";
import { decodeRequest, encodeRequest } from "../../../lib/codec/request.ts";
import type { Frame, Reply, Request } from "../../../lib/paxos/messages.ts";
import { concat } from "./bytes.ts";
import { CLOCK, comesBack, EMPTY } from "./frames.ts";

const encoder = new Encoder({ useRecords: false, variableMapSize: true, tagUint8Array: false });

/** The bytes of a frame with these fields, valid or invalid. */
export function raw(fields: unknown): Uint8Array {
  return concat([FORMAT_VERSION], encoder.encode(fields));
}

/** The fields of a valid frame, of which a test invalidates one. */
export function fieldsOf(frame: Frame): unknown[] {
  return encoder.decode(encodeFrame(frame).slice(1));
}

/** Fails unless `bytes` are refused because a check found them malformed. */
export function isMalformed(bytes: Uint8Array, detail = ""): void {
  const decoded = decodeFrame(bytes);
  assert(!decoded.ok && decoded.reason === "malformed", `accepted: ${JSON.stringify(decoded)}`);
  assertStringIncludes(decoded.detail, detail);
  // A check reports it, not an unexpected exception.
  assert(!decoded.detail.startsWith("cannot be decoded"), decoded.detail);
}

/** Fails unless `change`, applied to the fields of one message, makes the whole frame malformed. */
export function spoils(
  kind: "requests" | "replies",
  message: Request | Reply,
  change: (fields: unknown[]) => void,
): void {
  const good = { ...EMPTY, [kind]: [message, message] } as Frame;
  comesBack(good);
  const fields = fieldsOf(good);
  const messages = fields[kind === "requests" ? 6 : 8] as unknown[][];
  change(messages[0]);
  isMalformed(raw(fields));
}

/** Fails unless each of the values `wrong`, at a place in the fields of a message, makes it malformed. */
export function spoilsField(
  kind: "requests" | "replies",
  message: Request | Reply,
  at: number,
  ...wrong: unknown[]
): void {
  for (const value of wrong) spoils(kind, message, (fields) => fields[at] = value);
}

/**
 * Fails unless a request has exactly these fields, and they are decoded to it. They are the format: a change
 * of what is there raises `FORMAT_VERSION`.
 */
export function requestIs(request: Request, fields: unknown[]): void {
  assertEquals(encodeRequest(request, new FieldWriter(CLOCK)), fields);
  assertEquals(decodeRequest(structuredClone(fields), new FieldReader(CLOCK)), request);
}

/** The same for a reply. */
export function replyIs(reply: Reply, fields: unknown[]): void {
  assertEquals(encodeReply(reply, new FieldWriter(CLOCK)), fields);
  assertEquals(decodeReply(structuredClone(fields), new FieldReader(CLOCK)), reply);
}

/** Fails unless `read` finds a malformed field, and says so with `detail`. */
export function refuses(read: () => unknown, detail = ""): void {
  let thrown: unknown;
  let value: unknown;
  try {
    value = read();
  } catch (error) {
    thrown = error;
  }
  assert(thrown !== undefined, `accepted: ${JSON.stringify(value)}`);
  assertInstanceOf(thrown, MalformedField);
  assertStringIncludes(thrown.detail, detail);
}
