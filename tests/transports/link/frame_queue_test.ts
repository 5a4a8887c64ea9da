import { describe, it } from "@std/testing/bdd";
import { assert, assertEquals, assertLess } from "@std/assert";
import { FrameQueue } from "../../../transports/link/frame_queue.ts";

const numbers = (frames: readonly Uint8Array[]) => frames.map((frame) => frame[0]);

describe("FrameQueue", () => {
  it("take() returns frames in the order of push(), each once", () => {
    const queue = new FrameQueue(1_000_000);
    for (let i = 0; i < 5; i++) queue.push(Uint8Array.of(i));
    assertEquals(numbers(queue.take(1_000_000)), [0, 1, 2, 3, 4]);
    assertEquals(queue.take(1_000_000), []);
    assert(queue.isEmpty);
  });

  it("push() copies the frame: the caller may reuse its bytes", () => {
    const queue = new FrameQueue(1_000_000);
    const bytes = Uint8Array.of(7);
    queue.push(bytes);
    bytes[0] = 9;
    assertEquals(numbers(queue.take(1)), [7]);
  });

  it("take() keeps to its limit, but always returns one frame", () => {
    const queue = new FrameQueue(1_000_000);
    for (let i = 0; i < 3; i++) queue.push(new Uint8Array(1_000).fill(i));
    assertEquals(numbers(queue.take(10)), [0]);
    assertEquals(numbers(queue.take(2_500)), [1, 2]);
  });

  it("push() above the limit drops the oldest frames", () => {
    const queue = new FrameQueue(10_000);
    for (let i = 0; i < 100; i++) queue.push(new Uint8Array(1_000).fill(i));
    assertLess(queue.bytes, 10_001);
    assertEquals(numbers(queue.take(1_000_000)), [91, 92, 93, 94, 95, 96, 97, 98, 99]);
  });

  it("push() keeps a single frame larger than the limit, and drops an overlong frame", () => {
    const queue = new FrameQueue(10_000);
    queue.push(new Uint8Array(1));
    queue.push(new Uint8Array(50_000).fill(5));
    queue.push(new Uint8Array(16 * 1024 * 1024 + 1));
    assertEquals(queue.take(1).map((frame) => frame.length), [50_000]);
    assert(queue.isEmpty);
  });

  it("push() drops an empty frame", () => {
    const queue = new FrameQueue(10_000);
    queue.push(new Uint8Array(0));
    assert(queue.isEmpty);
  });

  it("push() bounds the number of tiny frames", () => {
    const queue = new FrameQueue(10_000);
    for (let i = 0; i < 1_000_000; i++) queue.push(Uint8Array.of(1));
    assertLess(queue.take(Infinity).length, 101);
  });

  it("keeps the order over many rounds of push() and take()", () => {
    const queue = new FrameQueue(1_000_000);
    let [pushed, taken] = [0, 0];
    for (let round = 0; round < 500; round++) {
      for (let i = 0; i < 7; i++) queue.push(Uint8Array.of(pushed++ & 255));
      for (const frame of queue.take(600)) assertEquals(frame[0], taken++ & 255);
    }
    for (const frame of queue.take(Infinity)) assertEquals(frame[0], taken++ & 255);
    assertEquals(taken, pushed);
  });

  it("clear() drops all frames", () => {
    const queue = new FrameQueue(1_000_000);
    queue.push(Uint8Array.of(1));
    queue.clear();
    assertEquals([queue.isEmpty, queue.bytes, queue.take(1)], [true, 0, []]);
  });
});
