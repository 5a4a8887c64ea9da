/**
 * A member of `main.ts`: a server that takes orders. Its arguments are its id and its file.
 *
 * @module
 */
import { renameSync } from "node:fs";
import { DatabaseSync } from "node:sqlite";
import { Hono } from "hono";
import { upgradeWebSocket } from "hono/deno";
import { type ClusterNode, join } from "../../mod.ts";
import { sqlite } from "../../lib/storage/sqlite.ts";
import { webSocket } from "../../transports/websocket.ts";

/** The secret of this cluster, the same in each process. In production it comes from a secret store. */
const SECRET = "kQ7fN2rVx9TzLc4WmJ8hYb3GdPs6EaUo";

const [id, file] = Deno.args;
const members = ["w1", "w2", "w3"];

/** Where each member is; known when all of them listen. */
let addresses: readonly string[] = [];
const transport = webSocket({
  peers: (member) => `${addresses[members.indexOf(member)]}/synod`,
  secret: SECRET,
  upgradeWebSocket,
});

let node: ClusterNode | null = null;
const app = new Hono().route("/synod", transport.routes);

// No quorum is no answer: the order may be there or not, and the caller asks again.
app.put("/orders/:order", async (context) => {
  const put = await node?.kv.put(`order/${context.req.param("order")}`, { at: id });
  return put?.ok ? context.text("placed", 201) : context.text("try again", 503);
});
app.get("/orders/:order", async (context) => {
  const found = await node?.kv.get(`order/${context.req.param("order")}`);
  if (found?.ok) return context.text("it is there", 200);
  return found?.error === "not_found" ? context.text("no order", 404) : context.text("wait", 503);
});

const { addr } = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen: () => {} }, app.fetch);
console.log(`http://127.0.0.1:${addr.port}`);
const input = Deno.stdin.readable.pipeThrough(new TextDecoderStream()).getReader();
addresses = JSON.parse((await input.read()).value ?? "");
// A member whose parent has ended has nothing to live for.
void input.read().then(() => Deno.exit(1));

const storage = sqlite(() => new DatabaseSync(file), {
  // Only if SQLite itself cannot read the file.
  aside: () => renameSync(file, `${file}.${Date.now()}`),
});
node = await join({ id, members, transport, storage, sessionTtl: 1_000 });
