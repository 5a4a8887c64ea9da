import { describe, it } from "@std/testing/bdd";
import { assert, assertEquals, assertGreaterOrEqual, assertRejects } from "@std/assert";
import { connect } from "../../guest/connect.ts";
import { keysOf } from "../../transports/auth/keys.ts";
import { nodeToken, webSocket } from "../../transports/websocket.ts";
import { ClientWebSocket, TestServer, upgradeWebSocket } from "./support/server.ts";
import { OTHER_SECRET, SECRET } from "./support/networks.ts";
import { sign } from "./support/tokens.ts";
import { nextEvent } from "../guest/support/next_event.ts";
import { eventually } from "../support/wait.ts";
import { TinyGateway } from "../guest/support/tiny_gateway.ts";

/** A server with a gateway, and the options of a guest that connects to it. */
async function start(guests: TinyGateway | undefined) {
  const server = await TestServer.start();
  const transport = webSocket({ secret: SECRET, upgradeWebSocket });
  server.mount(transport.routes as Parameters<TestServer["mount"]>[0]);
  await transport.open("m", () => {}, undefined, { sessionTtl: 5_000, members: ["m"], guests });
  return {
    options: { id: "x", servers: [server.url("ws")], WebSocket: ClientWebSocket },
    async [Symbol.asyncDispose]() {
      await transport.close();
      await server.close();
    },
  };
}

describe("a guest over WebSocket (section 13)", () => {
  it("puts and gets, with a token and its claims", async () => {
    const gateway = new TinyGateway();
    await using server = await start(gateway);
    const token = () => nodeToken({ secret: SECRET, id: "x", claims: { user: "ada" } });
    await using node = await connect({ ...server.options, token });
    await node.ready;
    assertEquals(await node.kv.put("k", 1), { ok: true, value: 1 });
    assertEquals(await node.kv.put("k", 2), { ok: true, value: 1 });
    assertEquals(await node.kv.get("k"), { ok: true, value: 1 });
    const [{ id, life, claims }] = gateway.proofs;
    assertEquals([id, life, claims], ["x", node.life, { user: "ada" }]);
  });

  it("is disconnected a minute after its token has expired, and reconnects with another one", async () => {
    const gateway = new TinyGateway();
    await using server = await start(gateway);
    const { token: key } = await keysOf(SECRET, "synod");
    const given: string[] = [];
    const token = async () => {
      // Until one of them has been taken (the process may stand still meanwhile), each is good for a second more.
      const rest = gateway.proofs.length === 0 ? 1 - 60 : 60;
      const made = await sign({ aud: "synod", sub: "x", exp: Date.now() / 1000 + rest }, key);
      given.push(made);
      return made;
    };
    await using node = await connect({ ...server.options, token, sessionTtl: 1_000 });
    await node.ready;
    await eventually(() => gateway.proofs.length >= 2, "another connection");
    assertEquals(gateway.proofs.length, 2);
    assertGreaterOrEqual(given.length, 2);
    assertEquals(new Set(given).size, given.length);
    assertEquals(await node.kv.put("k", 1), { ok: true, value: 1 });
  });

  it("makes its own token if it knows the secret", async () => {
    const gateway = new TinyGateway();
    await using server = await start(gateway);
    await using node = await connect({ ...server.options, secret: SECRET });
    await node.ready;
    assertEquals(gateway.proofs.map(({ claims }) => claims), [{}]);
  });

  it("carries values of a megabyte", async () => {
    await using server = await start(new TinyGateway());
    await using node = await connect({ ...server.options, secret: SECRET });
    await node.ready;
    const value = new Uint8Array(1_000_000).fill(7);
    await node.kv.put("large", value);
    assertEquals(await node.kv.get("large"), { ok: true, value });
  });

  it("tells the gateway when it is gone", async () => {
    const gateway = new TinyGateway();
    await using server = await start(gateway);
    const node = await connect({ ...server.options, secret: SECRET });
    await node.ready;
    await node.close();
    await eventually(() => gateway.lost > 0, "the end");
    assertEquals(gateway.lost, 1);
  });

  for (
    const [what, token] of [
      ["of another cluster", () => nodeToken({ secret: OTHER_SECRET, id: "x" })],
      ["for another id", () => nodeToken({ secret: SECRET, id: "y" })],
      ["that is none", () => "x"],
    ] as const
  ) {
    it(`is refused with a token ${what}`, async () => {
      const gateway = new TinyGateway();
      await using server = await start(gateway);
      await using node = await connect({ ...server.options, token });
      const { error } = await nextEvent(node, "error");
      assertEquals((error as { code?: string }).code, "unauthorized");
      assertEquals(gateway.proofs, []);
    });
  }

  it("is refused with the id of a member", async () => {
    const gateway = new TinyGateway();
    await using server = await start(gateway);
    await using node = await connect({ ...server.options, id: "m", secret: SECRET });
    const { error } = await nextEvent(node, "error");
    assert(error.message.includes("m is the id of a server"), error.message);
    assertEquals(gateway.proofs, []);
  });

  it("is refused where there is no gateway", async () => {
    await using server = await start(undefined);
    await using node = await connect({ ...server.options, secret: SECRET });
    const { error } = await nextEvent(node, "error");
    assert(error.message.includes("takes no guests"), error.message);
  });

  it("closes when the gateway says that it was replaced", async () => {
    const gateway = new TinyGateway();
    await using server = await start(gateway);
    await using node = await connect({ ...server.options, secret: SECRET });
    await node.ready;
    gateway.lines[0].close("replaced", "a later life");
    assertEquals((await node.closed).reason?.code, "replaced");
    await assertRejects(() => node.kv.get("k"));
  });
});
