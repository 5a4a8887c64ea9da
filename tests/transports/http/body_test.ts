import { describe, it } from "@std/testing/bdd";
import { assert, assertEquals, assertLess, assertRejects } from "@std/assert";
import { Hono } from "hono";
import { readBody } from "../../../transports/http/body.ts";
import { within } from "../../support/wait.ts";
import { TestServer } from "../support/server.ts";

const bytes = Uint8Array.of(1, 2, 3, 4, 5);

/** A body of one-byte pieces without an announced length; `read` counts the requested pieces. */
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
  it("reads a body with an announced length up to the limit", async () => {
    const announced = () => new Response(bytes, { headers: { "content-length": "5" } });
    assertEquals(await readBody(announced(), 5), bytes);
    assertEquals(await readBody(announced(), 4), null);
  });

  it("reads a body without an announced length up to the limit, and no further", async () => {
    const fits = stream(5);
    assertEquals(await readBody(fits.response, 5), bytes);
    assertEquals(await readBody(stream(6).response, 5), null);
    const endless = stream(Infinity);
    assertEquals(await readBody(endless.response, 5), null);
    assertEquals(endless.state.cancelled, true);
    assertLess(endless.state.read, 20);
  });

  it("refuses an announced length that is no number", async () => {
    const odd = new Response(bytes, { headers: { "content-length": "many" } });
    assertEquals(await readBody(odd, 5), null);
  });

  it("returns zero bytes for a missing body", async () => {
    assertEquals(await readBody(new Response(null), 5), new Uint8Array(0));
    assertEquals(
      await readBody(new Request("http://host/", { method: "POST" }), 5),
      new Uint8Array(0),
    );
  });

  it("counts the decompressed bytes of a response, not the announced length", async () => {
    await using server = await TestServer.start();
    const zeros = new Blob([new Uint8Array(20_000_000)]).stream();
    const packed = await new Response(zeros.pipeThrough(new CompressionStream("gzip")))
      .arrayBuffer();
    const headers = { "content-encoding": "gzip", "content-length": `${packed.byteLength}` };
    server.mount(new Hono().get("/", () => new Response(packed, { headers })));
    const url = server.url("http");
    assert(await readBody(await fetch(url), 100_000) === null);
    assertEquals((await readBody(await fetch(url), 20_000_000))?.length, 20_000_000);
  });

  it("stops waiting for a body after its time limit, with and without an announced length", async () => {
    for (const headers of [{}, { "content-length": "5" }]) {
      const body = new ReadableStream<Uint8Array>({
        start: (controller) => controller.enqueue(Uint8Array.of(1)),
      });
      const init = { method: "POST", body, headers, duplex: "half" } as RequestInit;
      const read = readBody(new Request("http://host/", init), 5, 20);
      assertEquals(await within(read, "the end of a body"), null);
    }
    const silent = new Response(new ReadableStream<Uint8Array>({}));
    assertEquals(await within(readBody(silent, 5, 20), "the end of a body"), null);
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
