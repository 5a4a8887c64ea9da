import { describe, it } from "@std/testing/bdd";
import { assertEquals } from "@std/assert";
import { http, type HttpOptions } from "../../../transports/http.ts";
import { isOwnPage } from "../../../transports/auth/origin.ts";
import { webSocket, type WebSocketOptions } from "../../../transports/websocket.ts";
import { SECRET } from "../support/networks.ts";

const OWN = "dev.corp.example";

describe("isOwnPage()", () => {
  const cases: [origin: string | undefined, host: string, expected: boolean][] = [
    // Programs other than browsers.
    [undefined, "localhost:8000", true],
    [undefined, "rebound.attacker.example:8000", true],
    // Pages of the same host.
    ["http://localhost:8000", "localhost:8000", true],
    ["http://app.localhost:8000", "app.localhost:8000", true],
    ["http://127.0.0.1:8000", "127.0.0.1:8000", true],
    ["http://[::1]:8000", "[::1]:8000", true],
    ["https://192.168.1.5", "192.168.1.5", true],
    ["http://node-1:8000", "node-1:8000", true],
    [`https://${OWN}`, OWN, true],
    // Pages of other origins.
    ["https://attacker.example", "localhost:8000", false],
    ["http://localhost:3000", "localhost:8000", false],
    ["http://localhost", "localhost:8000", false],
    ["http://127.0.0.1:8000", "localhost:8000", false],
    ["https://attacker.example", OWN, false],
    // A name of the attacker that points at this node.
    ["http://rebound.attacker.example:8000", "rebound.attacker.example:8000", false],
    ["http://1.2.3.4.attacker.example:8000", "1.2.3.4.attacker.example:8000", false],
    ["http://localhost.attacker.example", "localhost.attacker.example", false],
    // A sandboxed frame, a file, an extension, and what is no origin.
    ["null", "localhost:8000", false],
    ["file://", "localhost:8000", false],
    ["", "localhost:8000", false],
    ["localhost:8000", "localhost:8000", false],
    ["http://localhost:8000", "", false],
  ];
  for (const [origin, host, expected] of cases) {
    it(`${expected ? "lets in" : "refuses"} ${origin ?? "no page"} at ${host || "no host"}`, () => {
      assertEquals(isOwnPage({ origin, host }, OWN), expected);
    });
  }
});

describe("pages", () => {
  const foreign = { origin: "https://attacker.example", host: "localhost:8000" };
  const own = { origin: "http://localhost:8000", host: "localhost:8000" };
  const none = { host: "localhost:8000" };
  const post = { method: "POST", body: "{}" };

  /** The statuses of the answers to requests with each of these headers. */
  async function statuses(
    transport: ReturnType<typeof http>,
    path: string,
    init: RequestInit,
    ...headers: Record<string, string>[]
  ): Promise<number[]> {
    await transport.open("s", () => {});
    const found: number[] = [];
    for (const one of headers) {
      const response = await transport.routes.request(path, { ...init, headers: one });
      await response.body?.cancel();
      found.push(response.status);
    }
    await transport.close();
    return found;
  }
  const byHttp = (options: HttpOptions) =>
    statuses(http(options), "/session", post, foreign, own, none);
  const byWebSocket = (options: WebSocketOptions) =>
    statuses(
      webSocket({
        ...options,
        upgradeWebSocket: () => (context: { text(text: string): Response }) => context.text("up"),
      }),
      "/",
      {},
      foreign,
      own,
      none,
    );

  it("of other origins are refused with 403 by a node without authentication", async () => {
    // 401: the request reaches the handshake, and is no hello.
    assertEquals(await byHttp({ insecure: true }), [403, 401, 401]);
    assertEquals(await byWebSocket({ insecure: true }), [403, 200, 200]);
  });

  it("of the node's own address in `peers` are let in", async () => {
    const page = { origin: `https://${OWN}`, host: OWN };
    const peers = { s: `https://${OWN}/synod` };
    const ask = (options: HttpOptions) => statuses(http(options), "/session", post, page);
    assertEquals(await ask({ insecure: true, peers }), [401]);
    assertEquals(await ask({ insecure: true }), [403]);
  });

  it("of any origin may prove themselves to a node with a secret", async () => {
    assertEquals(await byHttp({ secret: SECRET }), [401, 401, 401]);
    assertEquals(await byWebSocket({ secret: SECRET }), [200, 200, 200]);
  });
});
