/** What an eavesdropper learns from all messages between two nodes. */
import { assertEquals, assertGreater } from "@std/assert";
import { afterEach, beforeEach, describe, it } from "@std/testing/bdd";
import { http } from "../../../transports/http.ts";
import { webSocket } from "../../../transports/websocket.ts";
import { SECRET } from "../support/networks.ts";
import { ClientWebSocket, TestServer, upgradeWebSocket } from "../support/server.ts";
import { Station } from "../support/station.ts";

/** The readable content of `text`: as it is, and decoded from base64. */
function readings(text: string): string {
  const decoded = text.match(/[A-Za-z0-9_-]{8,}/g)?.map((part) => {
    try {
      return atob(part.replace(/-/g, "+").replace(/_/g, "/"));
    } catch {
      return "";
    }
  });
  return [text, ...decoded ?? []].join("\n");
}

describe("the secret is never sent", () => {
  let undo: (() => unknown)[];
  let server: TestServer;
  /** All messages of both sides. */
  let wire: string[];

  beforeEach(async () => {
    undo = [];
    wire = [];
    server = await TestServer.start();
    undo.push(() => server.close());
  });

  afterEach(async () => {
    for (const step of undo.reverse()) await step();
  });

  /** Opens a transport; mounts the routes of `s` in the server. */
  async function open(id: "s" | "c", transport: ReturnType<typeof http>): Promise<Station> {
    undo.push(() => transport.close());
    if (id === "s") server.mount(transport.routes);
    return await Station.open(id, transport);
  }

  const note = (data: unknown) =>
    wire.push(
      typeof data === "string" ? data : new TextDecoder("latin1").decode(data as Uint8Array),
    );

  function assertTold(...parts: string[]): void {
    assertGreater(wire.length, 3);
    const all = readings(wire.join("\n"));
    // The whole handshake was captured: its public parts are readable.
    for (const part of parts) assertEquals(all.includes(part), true, part);
    assertEquals(all.includes(SECRET), false);
    // Neither half of the secret is in it.
    for (const half of [SECRET.slice(0, 10), SECRET.slice(10)]) {
      assertEquals(all.includes(half), false);
    }
  }

  it("by webSocket()", async () => {
    class Tapped extends ClientWebSocket {
      constructor(url: string) {
        super(url);
        note(url);
        this.addEventListener("message", ({ data }) => note(data));
      }

      override send(data: string | Uint8Array<ArrayBuffer>): void {
        note(data);
        super.send(data);
      }
    }
    const s = await open("s", webSocket({ secret: SECRET, upgradeWebSocket }));
    const transport = webSocket({
      secret: SECRET,
      WebSocket: Tapped,
      peers: { s: server.url("ws") },
    });
    const c = await open("c", transport);
    await c.reach(s, "hello");
    await s.reach(c, "hello");
    assertTold('"cluster":"synod"', '"nonce"', '"proof"', '"welcome":true');
  });

  it("by http()", async () => {
    const s = await open("s", http({ secret: SECRET }));
    const transport = http({
      secret: SECRET,
      peers: { s: server.url("http") },
      async fetch(url, init) {
        note(url);
        note(JSON.stringify([...new Headers(init.headers)]));
        note(init.body);
        const response = await fetch(url, init);
        const body = new Uint8Array(await response.arrayBuffer());
        note(JSON.stringify([...response.headers]));
        note(body);
        const { status, headers } = response;
        return new Response(status === 204 ? null : body, { status, headers });
      },
    });
    const c = await open("c", transport);
    await c.reach(s, "hello");
    await s.reach(c, "hello");
    assertTold('"cluster":"synod"', '"nonce"', '"proof"', '"session":');
  });
});
