import { assertEquals } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import { MAX_FRAME_BYTES } from "../../../lib/codec/limits.ts";
import { readFrames } from "../../../transports/http/batch.ts";
import { LENGTH_BYTES, writeFrames } from "../../../transports/link/frame_stream.ts";

const FRAMES = [Uint8Array.of(1), Uint8Array.of(2, 3), new Uint8Array(70_000).fill(4)];

const read = (body: Uint8Array<ArrayBuffer> | null) => readFrames(new Response(body));

describe("readFrames()", () => {
  it("reads all frames of a body, and none of an empty one", async () => {
    assertEquals(await read(writeFrames(FRAMES)), FRAMES);
    assertEquals(await read(new Uint8Array(0)), []);
    assertEquals(await read(null), []);
  });

  it("reads the body of a request, too", async () => {
    const request = new Request("http://host/", { method: "POST", body: writeFrames(FRAMES) });
    assertEquals(await readFrames(request), FRAMES);
  });

  it("refuses a body that ends within a frame: none of its frames count", async () => {
    const whole = writeFrames(FRAMES.slice(0, 2));
    const ends = [LENGTH_BYTES + 1, whole.length];
    for (let length = 1; length <= whole.length; length++) {
      const frames = await read(whole.slice(0, length));
      assertEquals(frames === null, !ends.includes(length), `${length} bytes`);
    }
  });

  it("refuses an empty frame", async () => {
    assertEquals(await read(writeFrames([Uint8Array.of(1), new Uint8Array(0)])), null);
  });

  it("takes one frame of the greatest length, and refuses one byte more", async () => {
    const longest = writeFrames([new Uint8Array(MAX_FRAME_BYTES).fill(1)]);
    const [frame] = await read(longest) ?? [];
    assertEquals(frame.length, MAX_FRAME_BYTES);
    const longer = new Uint8Array(longest.length + 1);
    longer.set(longest);
    assertEquals(await read(longer), null);
  });
});
