import { assert, assertEquals, assertGreater, assertStringIncludes } from "@std/assert";
import { afterAll, beforeAll, describe, it } from "@std/testing/bdd";
import type { Hono } from "hono";
import { upgradeWebSocket } from "hono/deno";
import { type ClusterNode, join } from "../../../mod.ts";
import { Browser, type Tab } from "../../../tasks/browser.ts";
import { http } from "../../../transports/http.ts";
import { nodeToken, webSocket } from "../../../transports/websocket.ts";
import type { library } from "./page.ts";
import { serveSite, type Site } from "./site.ts";

// Globals of the page.
declare const synod: typeof library;

const SECRET = "vJ8nQmZ2xWc5TtLhYk7RbE4sDfGp9aUo";
const members = ["w1", "w2", "w3"];
const Counter = {
  id: "counter",
  start: () => {
    let count = 0;
    return { inc: (): number => ++count };
  },
};

/** The guest `id` of the page, which has no secret. */
interface Visitor {
  readonly id: string;
  /** The id for which the token is made. */
  readonly tokenFor: string;
  readonly servers: readonly string[];
}

type Kind = "webSocket" | "http";

/** The addresses of the members, on the page's origin: other origins would need CORS headers. */
function addresses({ url }: Site, kind: Kind): Record<string, string> {
  const base = kind === "http" ? url : url.replace("http", "ws");
  return Object.fromEntries(members.map((id) => [id, `${base}${kind}/${id}`]));
}

describe("a page that is a guest with a token", () => {
  let site: Site;
  let browser: Browser;
  const clusters = new Map<Kind, readonly ClusterNode[]>();

  /** Three members that use the transport `kind`. */
  async function start(kind: Kind): Promise<void> {
    const peers = addresses(site, kind);
    const nodes = await Promise.all(members.map((id) => {
      const transport = kind === "http"
        ? http({ peers, secret: SECRET })
        : webSocket({ peers, secret: SECRET, upgradeWebSocket });
      site.app.route(`/${kind}/${id}`, transport.routes as Hono);
      const rights = { clients: true, guests: {} };
      const options = { members, ...rights, hosts: [Counter], sessionTtl: 1_000 };
      return join({ id, transport, ...options });
    }));
    clusters.set(kind, nodes);
    await Promise.all(nodes.map((node) => node.ready));
  }

  beforeAll(async () => {
    [site, browser] = await Promise.all([serveSite(), Browser.launch()]);
    site.app.get("/token/:id", async (context) => {
      return context.text(await nodeToken({ secret: SECRET, id: context.req.param("id") }));
    });
    await Promise.all([start("webSocket"), start("http")]);
  });

  afterAll(async () => {
    await browser[Symbol.asyncDispose]();
    await Promise.all([...clusters.values()].flat().map((node) => node.close()));
    await site.close();
  });

  for (const kind of ["webSocket", "http"] as const) {
    describe(`over ${kind}`, () => {
      let tab: Tab;
      let nodes: readonly ClusterNode[];
      let servers: readonly string[];

      beforeAll(async () => {
        nodes = clusters.get(kind)!;
        servers = Object.values(addresses(site, kind));
        tab = await browser.newTab();
        await tab.goto(site.url);
      });

      const visitor = (id: string, tokenFor = id): Visitor => ({ id, tokenFor, servers });

      it("puts and gets, takes a lock, calls a singleton, and leaves", async () => {
        await nodes[0].kv.put("from a server", "hello");
        const held = await nodes[0].lock("pen");
        const page = tab.evaluate(async ({ id, tokenFor, servers }) => {
          const token = async () => await (await fetch(`/token/${tokenFor}`)).text();
          const node = await synod.connect({ id, servers, token });
          const got = await node.kv.get("from a server");
          await node.kv.put("waits for", "the pen");
          const lock = await node.lock("pen");
          const { token: fence, held } = lock;
          await lock.release();
          const spec = { id: "counter", start: () => ({ inc: () => 0 }) };
          const counts = [await node.name("apples", spec).inc()];
          const put = await node.kv.put("from a page", "hi");
          await node.close();
          return { got, fence, held, counts, put };
        }, visitor("page-1"));
        for await (const change of nodes[1].kv.watch("waits for")) if (change.present) break;
        await held.release();
        const { fence, ...others } = await page;
        assertGreater(fence, held.token);
        assertEquals(others, {
          got: { ok: true, value: "hello" },
          held: true,
          counts: [1],
          put: { ok: true, value: "hi" },
        });
        assertEquals(await nodes[2].kv.get("from a page"), { ok: true, value: "hi" });
        // It has announced its end, so no value can be bound to it.
        assertEquals(await nodes[2].kv.put("bound", "to a node that left", { node: "~page-1" }), {
          ok: false,
          error: "invalid_value",
          reason: "node ~page-1 has no session",
        });
      });

      it("cannot use a token for another guest, and gets an error", async () => {
        const errors = await tab.evaluate(async ({ id, tokenFor, servers }) => {
          const token = async () => await (await fetch(`/token/${tokenFor}`)).text();
          const node = await synod.connect({ id, servers, token, timeout: 500 });
          const told: string[] = [];
          node.addEventListener("error", (event) => {
            told.push((event as CustomEvent<{ error: Error }>).detail.error.message);
          });
          const put = await node.kv.put("from a stranger", "hi");
          await node.close();
          return { told, put };
        }, visitor("page-3", "page-2"));
        assertEquals(errors.put, { ok: false, error: "no_quorum" });
        assert(errors.told.length > 0, "no error was reported");
        for (const message of errors.told) {
          assertStringIncludes(message, "does not accept guest page-3");
        }
        assertEquals(await nodes[0].kv.get("from a stranger"), { ok: false, error: "not_found" });
      });
    });
  }
});
