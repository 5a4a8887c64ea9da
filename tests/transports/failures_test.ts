import { assertEquals, assertMatch } from "@std/assert";
import { afterEach, beforeEach, describe, it } from "@std/testing/bdd";
import { type ClusterNode, join, type Transport } from "../../mod.ts";
import { http } from "../../transports/http.ts";
import { type UpgradeWebSocket, webSocket } from "../../transports/websocket.ts";
import { eventually } from "../support/wait.ts";
import { SECRET } from "./support/networks.ts";
import { Answering, closedPort } from "./support/answering.ts";
import { ClientWebSocket, TestServer, upgradeWebSocket } from "./support/server.ts";

/** Part of every address: it must not be in any text. */
const QUERY = "?key=topsecret4711";

const members = ["self", "other"];

/** What `lastError` says after the address; the words of the runtimes differ. */
const KNOWN = {
  refused: /ECONNREFUSED|refused/,
  host: /ENOTFOUND/,
  tls: /TLS: /,
  reset: /ECONNRESET/,
};

/** The default, which says nothing of its failures in Node. Node 20 has none. */
const own = "WebSocket" in globalThis ? undefined : ClientWebSocket;

/** The last is that of the runtime. */
for (const kind of ["webSocket", "http", "WebSocket"] as const) {
  const over = kind === "http" ? "http" : "webSocket";
  describe(`what a node says of a member that it cannot reach over ${kind}`, () => {
    let undo: (() => unknown)[];
    let nodes: ClusterNode[];
    /** All texts that a node has given. */
    let texts: string[];

    beforeEach(() => {
      [undo, nodes, texts] = [[], [], []];
    });

    afterEach(async () => {
      await Promise.all(nodes.map((node) => node.close()));
      for (const step of undo.reverse()) await step();
      for (const text of texts) {
        for (const secret of ["topsecret4711", SECRET]) assertEquals(text.includes(secret), false);
      }
    });

    async function server(): Promise<TestServer> {
      const made = await TestServer.start();
      undo.push(() => made.close());
      return made;
    }

    async function answering(answer: ConstructorParameters<typeof Answering>[0]) {
      const made = new Answering(answer);
      undo.push(() => made.close());
      return await made.listen();
    }

    const scheme = over === "http" ? "http" : "ws";
    const at = (port: number) => `${scheme}://127.0.0.1:${port}/synod${QUERY}`;

    function transport(url: string | undefined): Transport {
      const peers: Record<string, string> = url === undefined ? {} : { other: url };
      const options = { secret: SECRET, peers };
      return over === "http"
        ? http(options)
        : webSocket({ ...options, WebSocket: kind === "WebSocket" ? own : ClientWebSocket });
    }

    async function start(url: string | undefined, timeout = 2_000): Promise<ClusterNode> {
      const node = await join({ id: "self", members, transport: transport(url), timeout });
      nodes.push(node);
      node.addEventListener("error", ({ detail }) => texts.push(String(detail.error)));
      return node;
    }

    /** Waits until `lastError` matches; it is that of the member alone. */
    async function assertSays(node: ClusterNode, url: string, why: RegExp): Promise<string> {
      let said = "";
      const last: string[] = [];
      await eventually(async () => {
        const { members } = await node.status();
        assertEquals([members[0].lastError, members[1].reachable], [null, false]);
        said = members[1].lastError ?? "";
        last.push(said);
        return why.test(said);
      }, `${why}`).catch((error) => {
        throw new Error(`${error.message}; ${[...new Set(last)].join(" | ")}`);
      });
      texts.push(said);
      if (url !== "") assertEquals(said.startsWith(url.replace(QUERY, ": ")), true, said);
      return said;
    }

    it("nothing listens there", async () => {
      const url = at(await closedPort());
      await assertSays(await start(url), url, KNOWN.refused);
    });

    it("a server where nothing is mounted", async () => {
      const { port } = await server();
      await assertSays(await start(at(port)), at(port), /404: nothing is mounted/);
    });

    it("a wrong host name", async () => {
      const url = `${scheme}://no-such-host.invalid/synod${QUERY}`;
      await assertSays(await start(url), url, KNOWN.host);
    });

    it("a server without TLS at an address with TLS", async () => {
      const { port } = await server();
      const url = at(port).replace(scheme, `${scheme}s`);
      await assertSays(await start(url), url, KNOWN.tls);
    });

    it("a server of the other transport, or without upgradeWebSocket", async () => {
      const made = await server();
      const other = webSocket({ secret: SECRET });
      made.mount(other.routes);
      const expected = over === "http" ? /404: / : /501: the node there has no upgradeWebSocket/;
      await assertSays(await start(at(made.port)), at(made.port), expected);
    });

    it("a proxy that answers 200 with a page", async () => {
      const port = await answering("page");
      await assertSays(await start(at(port)), at(port), /200.*: an answer that is not of a node/);
    });

    it("a server that accepts and says nothing", async () => {
      const port = await answering("nothing");
      await assertSays(await start(at(port)), at(port), /there was no answer.* after \d+ ms/);
    });

    it("a server that closes each connection", async () => {
      const port = await answering("reset");
      await assertSays(await start(at(port)), at(port), KNOWN.reset);
    });

    it("a node that is not open", async () => {
      const made = await server();
      const upgrade: { upgradeWebSocket: UpgradeWebSocket } = { upgradeWebSocket };
      const other = over === "http"
        ? http({ secret: SECRET })
        : webSocket({ secret: SECRET, ...upgrade });
      made.mount(other.routes);
      await assertSays(
        await start(at(made.port)),
        at(made.port),
        /503: the node there is not open/,
      );
    });

    it("a node with another secret", async () => {
      const made = await server();
      const secret = "Hq3LwXz8KfVn6RyTc2MjPdBs5GeUoA7i";
      const other = over === "http" ? http({ secret }) : webSocket({ secret, upgradeWebSocket });
      made.mount(other.routes);
      nodes.push(await join({ id: "other", members, transport: other }));
      await assertSays(await start(at(made.port)), at(made.port), /not made with the secret/);
    });

    it("no address", async () => {
      await assertSays(await start(undefined), "", /peers has no address of it/);
    });

    it("one event `error` after several failures, and texts of errors that say why", async () => {
      const url = at(await closedPort());
      const node = await start(url, 200);
      const isTold = () => texts.some((text) => text.includes("cannot reach member other"));
      await eventually(isTold, "the event");
      const thrown = await node.kv.get("key", { noQuorum: "fail" }).catch(String);
      assertMatch(String(thrown), /No quorum .*: other does not answer \(.*(ECONNREFUSED|refused)/);
      const got = await node.kv.get("key");
      const reason = got.ok ? "" : `${got.reason}`;
      assertMatch(reason, /^No quorum .*: other does not answer \(.*(ECONNREFUSED|refused)/);
      const late = await node.lock("key", { timeout: 10 }).catch(String);
      assertMatch(String(late), /TimeoutError: .*: other does not answer \(/);
      texts.push(String(thrown), reason, String(late));
      const before = texts.filter((text) => text.includes("cannot reach")).length;
      assertEquals(before, 1);
      const pending = node.ready.catch(String);
      await node.close();
      texts.push(String(await pending));
      assertMatch(String(await pending), /is closed before it was ready: other does not answer \(/);
    });
  });
}
