import { describe, it } from "@std/testing/bdd";
import { assertEquals, assertLess, assertRejects } from "@std/assert";
import { readBody } from "../../../transports/http/body.ts";

const bytes = Uint8Array.of(1, 2, 3, 4, 5);

/** A body of pieces of one byte, without an announced length; `read` counts those that were asked for. */
function stream(length: number) {
  const state = { read: 0, cancelled: false };
  const body = new ReadableStream<Uint8Array>({
    pull(controller) {
      if (state.read === length) return controller.close();
      controller.enqueue(Uint8Array.of(++state.read));
    },
    cancel() {
      state.cancelled = true;
    },
  });
  return { state, response: new Response(body) };
}

describe("readBody()", () => {
  it("reads a body whose length is announced, up to the limit", async () => {
    const announced = () => new Response(bytes, { headers: { "content-length": "5" } });
    assertEquals(await readBody(announced(), 5), bytes);
    assertEquals(await readBody(announced(), 4), null);
  });

  it("reads a body whose length is not announced, up to the limit, and no further", async () => {
    const fits = stream(5);
    assertEquals(await readBody(fits.response, 5), bytes);
    assertEquals(await readBody(stream(6).response, 5), null);
    const endless = stream(Infinity);
    assertEquals(await readBody(endless.response, 5), null);
    assertEquals(endless.state.cancelled, true);
    assertLess(endless.state.read, 20);
  });

  it("refuses an announcement that is no number", async () => {
    const odd = new Response(bytes, { headers: { "content-length": "many" } });
    assertEquals(await readBody(odd, 5), null);
  });

  it("reads nothing as no bytes", async () => {
    assertEquals(await readBody(new Response(null), 5), new Uint8Array(0));
    assertEquals(
      await readBody(new Request("http://host/", { method: "POST" }), 5),
      new Uint8Array(0),
    );
  });

  it("rejects when the body breaks off", async () => {
    const body = new ReadableStream({
      pull(controller) {
        controller.error(new TypeError("connection lost"));
      },
    });
    await assertRejects(() => readBody(new Response(body), 5), TypeError, "connection lost");
  });
});
