// Runs in Deno alone: pure; frame_test.ts proves frames in each runtime.
import { assertEquals } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import { FieldReader } from "../../lib/codec/field_reader.ts";
import { FieldWriter } from "../../lib/codec/field_writer.ts";
import { decodeReply, encodeReply } from "../../lib/codec/reply.ts";
import type { Reply } from "../../lib/paxos/messages.ts";
import { CLOCK } from "./support/frames.ts";
import { Random } from "./support/random.ts";
import { RandomFrames } from "./support/random_frames.ts";
import { refuses, spoils, spoilsField } from "./support/spoil.ts";

describe("encodeReply() and decodeReply()", () => {
  const frames = new RandomFrames(new Random(16));
  const types = Object.keys(frames.replies) as Reply["type"][];

  it("keep every kind of reply", () => {
    for (let i = 0; i < 100; i++) {
      for (const type of types) {
        const reply = frames.reply(type);
        const fields = encodeReply(reply, new FieldWriter(CLOCK));
        assertEquals(decodeReply(fields, new FieldReader(CLOCK)), reply);
      }
    }
  });

  it("give each kind a number of its own", () => {
    const numbers = types.map((type) => encodeReply(frames.reply(type), new FieldWriter(CLOCK))[0]);
    assertEquals(new Set(numbers).size, types.length);
  });
});

describe("decodeReply()", () => {
  it("refuses a message with a field too many or too few, or of an unknown kind", () => {
    const frames = new RandomFrames(new Random(17));
    for (const type of Object.keys(frames.replies) as Reply["type"][]) {
      const message = frames.reply(type);
      spoils("replies", message, (fields) => fields.push(null));
      spoils("replies", message, (fields) => fields.pop());
      spoilsField("replies", message, 0, -1, 255, 0.5, null, "0", true);
      spoilsField("replies", message, 1, -1, 0.5, 2 ** 53, null, "1");
    }
  });

  it("refuses anything but a list of fields", () => {
    for (const field of [null, 0, "x", {}, Uint8Array.of(6, 1), []]) {
      refuses(() => decodeReply(field, new FieldReader(CLOCK)));
    }
  });
});
