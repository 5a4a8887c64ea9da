import { afterEach, describe, it } from "@std/testing/bdd";
import { assertEquals } from "@std/assert";
import { WebSocketClient } from "../../../transports/websocket/client.ts";
import { checkOptions, type WebSocketOptions } from "../../../transports/websocket/options.ts";
import { WebSocketServer } from "../../../transports/websocket/server.ts";
import { TIMES } from "../../../transports/websocket/times.ts";

/** Instead of a runtime's: it answers every request, and makes no connection. */
const upgradeWebSocket = () => () => Promise.resolve(new Response("upgraded"));

describe("WebSocketServer", () => {
  let undo: (() => Promise<void>)[] = [];

  afterEach(async () => {
    for (const step of undo) await step();
    undo = [];
  });

  function make(options: WebSocketOptions) {
    const settings = checkOptions(options);
    const client = new WebSocketClient(settings);
    const server = new WebSocketServer(settings, TIMES, client);
    undo.push(() => client.close(), () => server.close());
    const open = () => {
      client.begin("s", () => {});
      server.open("s", undefined);
    };
    return { client, server, open };
  }

  const answer = async (server: WebSocketServer, headers = {}) => {
    const response = await server.routes.request("http://s.example/", { headers });
    return `${response.status} ${await response.text()}`;
  };

  it("takes connections from its opening until it drains", async () => {
    const { server, open } = make({ insecure: true, upgradeWebSocket });
    assertEquals(await answer(server), "503 This node is not open.");
    open();
    assertEquals(await answer(server), "200 upgraded");
    await server.drain();
    assertEquals(await answer(server), "503 This server stops.");
  });

  it("takes none after its client has closed", async () => {
    const { client, server, open } = make({ insecure: true, upgradeWebSocket });
    open();
    await client.close();
    assertEquals(await answer(server), "503 This node is not open.");
  });

  it("takes none without upgradeWebSocket", async () => {
    const { server, open } = make({ insecure: true });
    open();
    assertEquals(await answer(server), "501 This node accepts no connections.");
  });

  it("takes none of pages of other origins without authentication", async () => {
    const { server, open } = make({ insecure: true, upgradeWebSocket });
    open();
    const headers = { origin: "http://other.example", host: "s.example" };
    assertEquals((await answer(server, headers)).slice(0, 3), "403");
  });
});
