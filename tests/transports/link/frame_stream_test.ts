import { describe, it } from "@std/testing/bdd";
import { assert, assertEquals, assertLess } from "@std/assert";
import { FrameQueue } from "../../../transports/link/frame_queue.ts";
import { FrameReader, MAX_FRAMES, writeFrames } from "../../../transports/link/frame_stream.ts";

const frames = [
  Uint8Array.of(1),
  new Uint8Array(300).fill(2),
  new Uint8Array(70_000).fill(3),
];

describe("FrameReader", () => {
  it("reads the output of writeFrames()", () => {
    const reader = new FrameReader();
    assertEquals(reader.read(writeFrames(frames)), frames);
    assertEquals(reader.isAtEnd, true);
  });

  for (const size of [1, 2, 3, 5, 100, 69_999]) {
    it(`reads a stream in pieces of ${size} bytes`, () => {
      const reader = new FrameReader();
      const stream = writeFrames(frames);
      const read: Uint8Array[] = [];
      for (let at = 0; at < stream.length; at += size) {
        read.push(...reader.read(stream.slice(at, at + size)) ?? []);
      }
      assertEquals(read, frames);
      assertEquals(reader.isAtEnd, true);
    });
  }

  it("returns copies: a piece may be overwritten afterwards", () => {
    const reader = new FrameReader();
    const stream = writeFrames([Uint8Array.of(1, 2, 3), Uint8Array.of(4, 5, 6)]);
    const first = stream.slice(0, 9);
    const [one] = reader.read(first) ?? [];
    first.fill(0);
    assertEquals(one, Uint8Array.of(1, 2, 3));
    assertEquals(reader.read(stream.slice(9)), [Uint8Array.of(4, 5, 6)]);
    const whole = stream.slice(0, 7);
    const [other] = reader.read(whole) ?? [];
    whole.fill(0);
    assertEquals(other, Uint8Array.of(1, 2, 3));
  });

  it("hands out a long frame that came alone as it was put together, and uses its bytes no more", () => {
    const reader = new FrameReader();
    const alone = writeFrames([frames[2]]);
    const read: Uint8Array[] = [];
    for (const piece of [alone, writeFrames([frames[1], frames[2]]), alone]) {
      for (let at = 0; at < piece.length; at += 10_000) {
        read.push(...reader.read(piece.slice(at, at + 10_000)) ?? []);
      }
    }
    assertEquals(read, [frames[2], frames[1], frames[2], frames[2]]);
    // A copy begins at the beginning of its own buffer, and not behind a length.
    assertEquals(read.map((frame) => frame.byteOffset), [4, 0, 4, 4]);
  });

  it("is not at the end of a stream that breaks off", () => {
    const stream = writeFrames([Uint8Array.of(1, 2, 3)]);
    for (let length = 1; length < stream.length; length++) {
      const reader = new FrameReader();
      assertEquals(reader.read(stream.slice(0, length)), []);
      assertEquals(reader.isAtEnd, false);
    }
  });

  it("refuses an empty frame, so a body of zeros costs almost nothing", () => {
    const zeros = new Uint8Array(16 * 2 ** 20);
    const durations = Array.from({ length: 10 }, () => {
      const before = performance.now();
      assertEquals(new FrameReader().read(zeros), null);
      return performance.now() - before;
    });
    // The shortest counts, since other work on the machine only ever makes it longer.
    assertLess(Math.min(...durations), 20);
    assertEquals(new FrameReader().read(writeFrames([Uint8Array.of(1), new Uint8Array(0)])), null);
  });

  it("refuses more frames at once than a sender packs", () => {
    const queue = new FrameQueue(Infinity);
    for (let i = 0; i < 20_000; i++) queue.push(Uint8Array.of(1));
    const most = queue.take(2 ** 20).length;
    assertLess(most, MAX_FRAMES);
    const frames = (count: number) => writeFrames(new Array(count).fill(Uint8Array.of(1)));
    assertEquals(new FrameReader().read(frames(MAX_FRAMES))?.length, MAX_FRAMES);
    assert(new FrameReader().read(frames(MAX_FRAMES + 1)) === null);
  });

  it("refuses an overlong frame by its announced length", () => {
    const announced = Uint8Array.of(1, 0, 0, 1); // 2^24 + 1
    assertEquals(new FrameReader().read(announced), null);
    assertEquals(new FrameReader().read(Uint8Array.of(0, 0, 0, 1)), []); // 2^24: incomplete
  });

  it("refuses a frame that is longer than wanted when its length comes", () => {
    const announced = (length: number) => {
      const piece = new Uint8Array(6);
      new DataView(piece.buffer).setUint32(0, length, true);
      return piece;
    };
    assertEquals(new FrameReader(1_000).read(announced(1_000)), []);
    assertEquals(new FrameReader(1_000).read(announced(1_001)), null);
  });
});
