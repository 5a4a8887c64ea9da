import { afterEach, beforeEach, describe, it } from "@std/testing/bdd";
import {
  assert,
  assertEquals,
  assertGreater,
  assertInstanceOf,
  assertLess,
  assertMatch,
} from "@std/assert";
import { Hono } from "hono";
import { SynodError } from "../../../lib/errors.ts";
import type { HttpOptions } from "../../../transports/http.ts";
import { HttpLink } from "../../../transports/http/link.ts";
import type { HttpTimes } from "../../../transports/http/transport.ts";
import type { HandshakeClient } from "../../../transports/auth/handshake_client.ts";
import { FrameQueue } from "../../../transports/link/frame_queue.ts";
import { OTHER_SECRET, SECRET } from "../support/networks.ts";
import { eventually, within } from "../../support/wait.ts";
import { TestServer } from "../support/server.ts";
import { Station } from "../support/station.ts";
import { transportWith } from "./support/setup.ts";

const backoff = { first: 5, longest: 20, refused: 60_000, stable: 10_000 };

/** No request is given up because the process stands still: where the number of requests counts. */
const PATIENT = { grace: 60_000, overdue: 60_000 };

describe("http(): requests to peers", () => {
  let undo: (() => unknown)[];

  beforeEach(() => {
    undo = [];
  });

  afterEach(async () => {
    for (const step of undo.reverse()) await step();
  });

  async function connect(
    options: HttpOptions,
    times: Partial<HttpTimes> = {},
    id = "c",
  ): Promise<Station> {
    const transport = transportWith(options, { backoff, ...times });
    undo.push(() => transport.close());
    return await Station.open(id, transport);
  }

  /** The real node `s`, with its own server. */
  async function listen(options: HttpOptions, times: Partial<HttpTimes> = {}) {
    const server = await TestServer.start();
    undo.push(() => server.close());
    const transport = transportWith(options, { backoff, ...times });
    server.mount(transport.routes);
    undo.push(() => transport.close());
    return { url: server.url("http"), server, station: await Station.open("s", transport) };
  }

  /** A server that answers with `answer`, and records the bodies of its requests. */
  async function fake(answer: (body: string, route: string) => Response) {
    const server = await TestServer.start();
    undo.push(() => server.close());
    const requests: string[] = [];
    server.mount(
      new Hono().post("/:route", async (context) => {
        const body = await context.req.text();
        requests.push(body);
        return answer(body, context.req.param("route"));
      }),
    );
    return { url: server.url("http"), requests };
  }

  async function assertReport(station: Station, why: RegExp): Promise<void> {
    await station.until(() => station.reports.length > 0);
    const [error] = station.reports;
    assertInstanceOf(error, SynodError);
    assertEquals(error.code, "unauthorized");
    assertMatch(error.message, /^Cannot connect to s at http:\/\/127\.0\.0\.1:\d+\/synod: /);
    assertMatch(error.message, why);
  }

  it("sends no frames to a server without a valid proof, and reports that once", async () => {
    const { url, requests } = await fake((body) => {
      const { nonce, proof } = JSON.parse(body);
      // The only proof that it knows is the one that it got.
      return proof === undefined
        ? Response.json({ id: "s", nonce })
        : Response.json({ session: "x", proof });
    });
    const c = await connect({ secret: SECRET, peers: { s: url } }, PATIENT);
    await assertReport(c, /not made with the secret/);
    c.transport.send("s", Uint8Array.of(1));
    await c.transport.close();
    const [hello, answer, ...others] = requests.map((body) => JSON.parse(body));
    assertEquals(Object.keys(hello), ["synod", "cluster", "id", "to", "nonce"]);
    assertEquals(Object.keys(answer), ["nonce", "proof"]);
    assertEquals(others, []);
  });

  it("sends no frames to a server that admits it without a proof", async () => {
    const { url, requests } = await fake(() => Response.json({ session: "x" }));
    const c = await connect({ secret: SECRET, peers: { s: url } }, PATIENT);
    await assertReport(c, /has not proven/);
    c.transport.send("s", Uint8Array.of(1));
    await c.transport.close();
    assertEquals(requests.length, 1);
  });

  it("tries again soon after a failure, but not after a refusal", async () => {
    const refusing = await fake(() => new Response("go away", { status: 401 }));
    let failures = 0;
    let enough = () => {};
    const tenFailures = new Promise<void>((resolve) => enough = resolve);
    const failing = await fake(() => {
      if (++failures === 10) enough();
      return new Response("not now", { status: 500 });
    });
    const c = await connect(
      { insecure: true, peers: { s: refusing.url, t: failing.url } },
      PATIENT,
    );
    await assertReport(c, /go away/);
    await within(tenFailures, "ten failures");
    assertEquals([refusing.requests.length, c.reports.length], [1, 1]);
  });

  it("continues after malformed answers of all kinds", async () => {
    const { url, station } = await listen({ insecure: true });
    const nonsense = [
      () => new Response("{"),
      () => Response.json(null),
      () => Response.json({ session: 1 }),
      () => new Response("x".repeat(100_000)),
      () => new Response(null, { status: 204 }),
      () => {
        throw new TypeError("network down");
      },
    ];
    const c = await connect({
      insecure: true,
      peers: { s: url },
      // deno-lint-ignore require-await
      fetch: async (input, init) => nonsense.shift()?.() ?? fetch(input, init),
    });
    await c.reach(station, "hello");
    assertEquals(nonsense.length, 0);
  });

  it("continues with a new session after malformed frames", async () => {
    const { url, station } = await listen({ insecure: true });
    let spoilt = 0;
    const c = await connect({
      insecure: true,
      peers: { s: url },
      fetch: async (input, init) => {
        if (!input.endsWith("/frames") || spoilt >= 3) return await fetch(input, init);
        return new Response(Uint8Array.of(1, 2, ++spoilt));
      },
    });
    await c.reach(station, "hello");
    await station.reach(c, "and back");
    assertEquals(spoilt, 3);
  });

  it("reports the reason of a refusal: the secret, the cluster, the node at that address", async () => {
    const { url, station } = await listen({ secret: SECRET });
    const peers = { s: url };
    const [wrong, other, elsewhere] = [
      await connect({ secret: OTHER_SECRET, peers }),
      await connect({ secret: SECRET, cluster: "other", peers }),
      await connect({ secret: SECRET, peers: { t: url } }),
    ];
    await assertReport(wrong, /not made with the secret/);
    await assertReport(other, /another cluster/);
    await elsewhere.until(() => elsewhere.reports.length > 0);
    assertMatch(elsewhere.reports[0].message, /^Cannot connect to t .*this is the node s$/);
    assertEquals([station.received, station.reports], [[], []]);
  });

  it("gives up a request that is never answered, and tries again", async () => {
    let asked = 0;
    let enough = () => {};
    const thrice = new Promise<void>((resolve) => enough = resolve);
    await connect({
      insecure: true,
      peers: { s: "http://127.0.0.1:1/synod" },
      fetch: (_, { signal }) => {
        if (++asked === 3) enough();
        return new Promise((_, reject) => {
          signal?.addEventListener("abort", () => reject(new Error("aborted")));
        });
      },
    }, { grace: 20 });
    await within(thrice, "three attempts");
  });

  it("follows no redirect: neither hello nor frames reach an address that is not configured", async () => {
    const other = await fake(() => Response.json({ session: "key" }));
    for (const last of ["session", "frames"]) {
      const { url, requests } = await fake((_, route) =>
        route === last
          ? new Response(null, { status: 307, headers: { location: `${other.url}/${route}` } })
          : Response.json({ session: "key" })
      );
      const station = await connect({ insecure: true, peers: { s: url } });
      await eventually(() => {
        station.transport.send("s", Uint8Array.of(1));
        return requests.length >= (last === "session" ? 2 : 4) || other.requests.length > 0;
      }, "a second attempt");
      await station.transport.close();
    }
    assertEquals(other.requests, []);
  });

  it("sends the frames of one turn in one request, with at most two requests under way", async () => {
    const { url, station } = await listen({ secret: SECRET });
    let [requests, underWay, most] = [0, 0, 0];
    const c = await connect({
      secret: SECRET,
      peers: { s: url },
      fetch: async (input, init) => {
        requests++;
        most = Math.max(most, ++underWay);
        try {
          return await fetch(input, init);
        } finally {
          underWay--;
        }
      },
    }, { hold: 60_000, ...PATIENT });
    await c.reach(station, "connected");
    const before = requests;
    for (let i = 0; i < 1_000; i++) c.transport.send("s", Uint8Array.of(i & 255));
    await station.until(() => station.received.filter(([_, f]) => f.length === 1).length === 1_000);
    assertLess(requests - before, 4);
    for (let turn = 0; turn < 100; turn++) {
      c.transport.send("s", Uint8Array.of(turn, turn));
      await Promise.resolve();
    }
    await station.until(() => station.received.filter(([_, f]) => f.length === 2).length === 100);
    assertEquals(most, 2);
  });

  it("receives frames at once, without polling", async () => {
    const { url, station } = await listen({ secret: SECRET });
    let requests = 0;
    const c = await connect({
      secret: SECRET,
      peers: { s: url },
      fetch: (input, init) => {
        requests++;
        return fetch(input, init);
      },
    }, { hold: 60_000, ...PATIENT });
    await c.reach(station, "connected");
    await station.reach(c, "connected");
    const before = requests;
    for (let i = 0; i < 20; i++) {
      const count = c.received.length;
      station.transport.send("c", Uint8Array.of(i));
      await c.until(() => c.received.length > count);
    }
    // One request per frame: each answered request is followed by the next one.
    assertGreater(requests - before, 18);
    assertLess(requests - before, 24);
  });

  it("makes a new request after an empty answer", async () => {
    const { url, station } = await listen({ secret: SECRET }, { hold: 10 });
    const c = await connect({ secret: SECRET, peers: { s: url } });
    let requests = 0;
    let enough = () => {};
    const five = new Promise<void>((resolve) => enough = resolve);
    await c.reach(station, "connected");
    const counting = await connect(
      {
        secret: SECRET,
        peers: { s: url },
        fetch: (input, init) => {
          if (++requests === 5) enough();
          return fetch(input, init);
        },
      },
      {},
      "d",
    );
    await five;
    await station.reach(counting, "still there");
  });

  it("introduces itself again to a server that has forgotten it", async () => {
    const { url, server, station } = await listen({ secret: SECRET });
    const c = await connect({ secret: SECRET, peers: { s: url } });
    await c.reach(station, "before");
    await station.transport.close();
    const again = transportWith({ secret: SECRET }, { backoff });
    undo.push(() => again.close());
    server.mount(again.routes);
    const fresh = await Station.open("s", again);
    await c.reach(fresh, "after");
    await fresh.reach(c, "and back");
    assertEquals(c.reports, []);
  });

  it("close() sends the frames of the same turn, and ends the held requests", async () => {
    const { url, station } = await listen({ secret: SECRET });
    const c = await connect({ secret: SECRET, peers: { s: url } });
    await c.reach(station, "connected");
    c.transport.send("s", Uint8Array.of(42));
    const started = performance.now();
    await c.transport.close();
    await station.until(() => station.received.some(([_, frame]) => frame[0] === 42));
    assert(performance.now() - started < 5_000, "it waited for the held request");
  });

  it("close() ends its requests even if the other side never answers", async () => {
    const underWay = new Set<string>();
    let enough = () => {};
    const held = new Promise<void>((resolve) => enough = resolve);
    const c = await connect({
      insecure: true,
      peers: { s: "http://127.0.0.1:1/synod" },
      fetch: (url, { signal }) => {
        if (url.endsWith("/session")) return Promise.resolve(Response.json({ session: "x" }));
        underWay.add(url);
        enough();
        return new Promise((_, reject) => {
          signal?.addEventListener("abort", () => {
            underWay.delete(url);
            reject(new Error("aborted"));
          });
        });
      },
    }, { close: 20 });
    await held;
    await c.transport.close();
    assertEquals([...underWay], []);
  });
});

describe("HttpLink.close()", () => {
  it("ends the attempts beside its session before it says farewell", async () => {
    /** The requests that have not been answered, by their routes. */
    const open = new Map<string, AbortSignal>();
    let isServed = true;
    const fetch = (address: string | URL | Request, { signal }: RequestInit = {}) => {
      const route = new URL(`${address}`).pathname.slice(1);
      if (route === "session" && isServed) return Promise.resolve(Response.json({ session: "x" }));
      assert(signal instanceof AbortSignal);
      open.set(route, signal);
      return new Promise<Response>((_, reject) => {
        signal.addEventListener("abort", () => reject(signal.reason));
      });
    };
    let connected = () => {};
    const isConnected = new Promise<void>((resolve) => connected = resolve);
    const ignored = () => {};
    const link = new HttpLink({
      address: () => new URL("http://127.0.0.1"),
      fetch: fetch as typeof globalThis.fetch,
      times: { hold: 20_000, grace: 20_000, overdue: 20_000, close: 20, backoff },
      introduce: () => ({ hello: ignored, welcomed: ignored }) as unknown as HandshakeClient,
      isAlone: () => false,
      onConnected: connected,
      ...{ receive: ignored, onChange: ignored, onFailed: ignored },
      ...{ onHopeless: ignored, onRefused: ignored },
    });
    link.start();
    await within(isConnected, "the session");
    isServed = false;
    link.suspect();
    const closed = link.close(new FrameQueue(1_000));
    assertEquals([...open].map(([route, { aborted }]) => [route, aborted]), [
      ["session", true],
      ["farewell", false],
    ]);
    await closed;
    assertEquals(open.get("farewell")?.aborted, true);
  });
});
