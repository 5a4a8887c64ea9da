import { describe, it } from "@std/testing/bdd";
import { assert, assertEquals } from "@std/assert";
import { connect } from "../../guest/connect.ts";
import { http, nodeToken } from "../../transports/http.ts";
import { OTHER_SECRET, SECRET } from "./support/networks.ts";
import { eventually } from "../support/wait.ts";
import { nextEvent } from "../guest/support/next_event.ts";
import { TinyGateway } from "../guest/support/tiny_gateway.ts";

/** A server with a gateway, and the options of a guest that speaks to it; counts requests. */
async function start(guests: TinyGateway | undefined) {
  const transport = http({ secret: SECRET });
  await transport.open("m", () => {}, undefined, { sessionTtl: 5_000, members: ["m"], guests });
  const server = {
    requests: 0,
    options: {
      id: "x",
      servers: ["https://m.example/"],
      fetch: async (url: string, init: RequestInit) => {
        server.requests++;
        return await transport.routes.request(new URL(url).pathname, init);
      },
    },
    async [Symbol.asyncDispose]() {
      await transport.close();
    },
  };
  return server;
}

describe("a guest over HTTP (section 13)", () => {
  it("makes one request for the session, and one for each operation", async () => {
    const gateway = new TinyGateway();
    await using server = await start(gateway);
    // So long that no renewal comes between.
    const node = await connect({ ...server.options, secret: SECRET, sessionTtl: 600_000 });
    await node.ready;
    assertEquals(server.requests, 1);
    assertEquals(await node.kv.put("k", 1), { ok: true, value: 1 });
    assertEquals(server.requests, 2);
    assertEquals(await node.kv.get("k"), { ok: true, value: 1 });
    assertEquals(server.requests, 3);
    await node.close();
    assertEquals(server.requests, 4);
    assertEquals(gateway.proofs.length, 1);
  });

  it("makes one request for the operations of one turn", async () => {
    await using server = await start(new TinyGateway());
    // So long that no renewal comes between.
    const sessionTtl = 600_000;
    await using node = await connect({ ...server.options, secret: SECRET, sessionTtl });
    await node.ready;
    await Promise.all([1, 2, 3].map((key) => node.kv.put(key, key)));
    assertEquals(server.requests, 2);
  });

  it("asks on while an operation takes longer than a request is held", async () => {
    const gateway = new TinyGateway();
    await using server = await start(gateway);
    await using node = await connect({ ...server.options, secret: SECRET, sessionTtl: 500 });
    await node.ready;
    const slow = node.kv.get("slow");
    await eventually(() => server.requests > 3, "several requests");
    gateway.release();
    assertEquals(await slow, { ok: false, error: "not_found" });
  });

  it("gets news in the answer to a request that waits", async () => {
    const gateway = new TinyGateway();
    await using server = await start(gateway);
    await using node = await connect({ ...server.options, secret: SECRET });
    await node.ready;
    const changes = node.kv.watch("k")[Symbol.asyncIterator]();
    const first = changes.next();
    await eventually(() => gateway.watches > 0, "the watch");
    const event = { type: "changed", counter: 5, life: node.life, state: null } as const;
    gateway.say({ type: "event", number: 1, event });
    assertEquals((await first).value, { present: false });
    await changes.return?.();
  });

  it("is refused with a token of another cluster", async () => {
    const gateway = new TinyGateway();
    await using server = await start(gateway);
    const token = () => nodeToken({ secret: OTHER_SECRET, id: "x" });
    await using node = await connect({ ...server.options, token });
    const { error } = await nextEvent(node, "error");
    assertEquals((error as { code?: string }).code, "unauthorized");
    assertEquals(gateway.proofs, []);
  });

  it("asks for another token when one has expired", async () => {
    const gateway = new TinyGateway();
    await using server = await start(gateway);
    let calls = 0;
    const token = () =>
      nodeToken({ secret: ++calls === 1 ? OTHER_SECRET : SECRET, id: "x", expiresIn: 60_000 });
    await using node = await connect({ ...server.options, token });
    await node.ready;
    await node.kv.put("k", 1);
    assertEquals(calls, 2);
  });

  it("is refused where there is no gateway", async () => {
    await using server = await start(undefined);
    await using node = await connect({ ...server.options, secret: SECRET });
    const { error } = await nextEvent(node, "error");
    assert(error.message.includes("takes no guests"), error.message);
  });
});
