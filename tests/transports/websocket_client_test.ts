import { assertEquals, assertThrows } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import { webSocketClient } from "../../transports/websocket_client.ts";
import { SECRET as secret, webSocketClientNetwork } from "./support/networks.ts";
import { transportSuite } from "./suite.ts";

class NoSocket {
  binaryType = "";
  send(): void {}
  close(): void {}
  addEventListener(): void {}
}

describe("webSocketClient()", () => {
  const peers = { a: "ws://host" };

  it("has no routes, and nothing to drain", async () => {
    const transport = webSocketClient({ secret, peers, WebSocket: NoSocket });
    assertEquals(["routes" in transport, "drain" in transport], [false, false]);
    await transport.close();
  });

  it("names itself in errors, and refuses what only a server needs", () => {
    const upgradeWebSocket = () => {};
    for (const options of [{ secret, peers, upgradeWebSocket }, { secret, peers: 1 }, { peers }]) {
      assertThrows(() => webSocketClient(options as never), TypeError, "webSocketClient: ");
    }
  });

  it("requires peers", () => {
    const wanted = "webSocketClient: peers is required";
    for (const none of [{}, { peers: {} }]) {
      assertThrows(() => webSocketClient({ secret, ...none }), TypeError, wanted);
    }
    webSocketClient({ secret, peers: () => null, WebSocket: NoSocket });
  });
});

transportSuite(
  "webSocket() with one connection for each pair, the last by webSocketClient()",
  () => webSocketClientNetwork(),
);
