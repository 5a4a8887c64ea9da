import { assertEquals, assertStrictEquals, assertThrows } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import { webSocket } from "../../../transports/websocket.ts";
import { checkOptions, type WebSocketOptions } from "../../../transports/websocket/options.ts";
import { SECRET } from "../support/networks.ts";

const secret = SECRET;

class NoSocket {
  binaryType = "";
  send(): void {}
  close(): void {}
  addEventListener(): void {}
}

describe("webSocket() checks its options", () => {
  it("refuses an upgradeWebSocket or a WebSocket that is no function", () => {
    for (const option of ["upgradeWebSocket", "WebSocket"]) {
      assertThrows(() => webSocket({ secret, [option]: {} }), TypeError, option);
    }
  });

  it("requires WebSocket in a runtime without one, if there are peers", () => {
    const original = Object.getOwnPropertyDescriptor(globalThis, "WebSocket");
    Reflect.deleteProperty(globalThis, "WebSocket");
    try {
      assertThrows(() => webSocket({ secret, peers: { a: "ws://host" } }), TypeError, "WebSocket");
      webSocket({ secret });
    } finally {
      if (original) Object.defineProperty(globalThis, "WebSocket", original);
    }
  });
});

describe("checkOptions() of webSocket()", () => {
  const check = (options: Partial<WebSocketOptions>) => {
    const { peers, ...rest } = checkOptions({ insecure: true, WebSocket: NoSocket, ...options });
    return { peers: [...peers].map(([id, { href }]) => [id, href]), ...rest };
  };

  it("has these defaults", () => {
    const credentials = { kind: "insecure" as const };
    assertEquals(check({}), {
      peers: [],
      peerRule: null,
      cluster: "synod",
      credentials,
      upgradeWebSocket: null,
      WebSocket: NoSocket,
    });
    const { WebSocket } = checkOptions({ insecure: true });
    assertStrictEquals(WebSocket, globalThis.WebSocket ?? null);
  });

  it("reaches the addresses of a function as WebSockets, too", () => {
    const { peers, peerRule } = check({ peers: (id) => `https://${id}.example/synod/` });
    assertEquals([peers, peerRule?.("w1")?.href], [[], "wss://w1.example/synod"]);
  });

  it("takes addresses of all four schemes, and reaches each as a WebSocket", () => {
    const { peers } = check({
      peers: {
        a: "ws://host/",
        b: "wss://host/synod/",
        c: "http://host:8080/synod",
        d: new URL("https://host/x?key=1#part"),
      },
    });
    assertEquals(peers, [
      ["a", "ws://host/"],
      ["b", "wss://host/synod"],
      ["c", "ws://host:8080/synod"],
      ["d", "wss://host/x?key=1"],
    ]);
  });

  it("refuses an option of http()", () => {
    assertThrows(
      () => check({ fetch } as never),
      TypeError,
      "webSocket: unknown option fetch; did you mean WebSocket?",
    );
  });
});
