import { assertEquals, assertStrictEquals } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import {
  decodeMessage,
  encodeMessage,
  MAX_MESSAGE_BYTES,
  MAX_PIECE,
  type Message,
} from "../../../transports/websocket/message.ts";

describe("encodeMessage() and decodeMessage()", () => {
  it("are flags, an acknowledgement in little-endian, and a piece", () => {
    const piece = Uint8Array.of(7, 8);
    const examples: [Message, number[]][] = [
      [{ answerNow: false, acknowledged: 0, piece }, [0, 0, 0, 0, 0, 7, 8]],
      [{ answerNow: true, acknowledged: 1, piece }, [1, 1, 0, 0, 0, 7, 8]],
      [{ answerNow: false, acknowledged: 0x01020304, piece: piece.slice(2) }, [0, 4, 3, 2, 1]],
      [{ answerNow: true, acknowledged: 2 ** 32 - 1, piece }, [1, 255, 255, 255, 255, 7, 8]],
    ];
    for (const [message, bytes] of examples) {
      assertEquals([...encodeMessage(message)], bytes);
      assertEquals(decodeMessage(Uint8Array.from(bytes)), message);
    }
  });

  it("take an acknowledgement modulo 2^32", () => {
    const bytes = encodeMessage({
      answerNow: false,
      acknowledged: 2 ** 32 + 5,
      piece: new Uint8Array(),
    });
    assertEquals(decodeMessage(bytes)?.acknowledged, 5);
  });

  it("take a view of a larger buffer, and return a piece of it without a copy", () => {
    const buffer = Uint8Array.of(9, 9, 1, 2, 0, 0, 0, 7, 9);
    const message = decodeMessage(buffer.subarray(2, 8));
    assertEquals(message, { answerNow: true, acknowledged: 2, piece: Uint8Array.of(7) });
    assertStrictEquals(message!.piece.buffer, buffer.buffer);
  });

  it("refuse a message that is too short or too long, and an unknown flag", () => {
    for (let length = 0; length < 5; length++) {
      assertEquals(decodeMessage(new Uint8Array(length)), null);
    }
    const longest = encodeMessage({
      answerNow: false,
      acknowledged: 0,
      piece: new Uint8Array(MAX_PIECE),
    });
    assertEquals(longest.length, MAX_MESSAGE_BYTES);
    assertEquals(decodeMessage(longest)?.piece.length, MAX_PIECE);
    assertEquals(decodeMessage(new Uint8Array(MAX_MESSAGE_BYTES + 1)), null);
    for (let flags = 2; flags < 256; flags++) {
      assertEquals(decodeMessage(Uint8Array.of(flags, 0, 0, 0, 0)), null);
    }
  });
});
