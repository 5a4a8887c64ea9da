/**
 * A program for each runtime: one member with a SQLite file. Its argument is JSON: the id, the members, the file. It
 * prints its port, reads the addresses of the others, joins, and then does what each line of its input says.
 *
 * @module
 */
import { existsSync, renameSync } from "node:fs";
import { join } from "../../../mod.ts";
import { sqlite } from "../../../lib/storage/sqlite.ts";
import { webSocket } from "../../../transports/websocket.ts";
import { ClientWebSocket, TestServer, upgradeWebSocket } from "../../transports/support/server.ts";
import { opener } from "../../storage/support/open.ts";

interface Order {
  readonly id: number;
  readonly do: "put" | "get" | "lock" | "status";
  readonly key: string;
  readonly value?: unknown;
}

const { id, members, file } = JSON.parse(process.argv.at(-1)!);
const say = (line: unknown) => void process.stdout.write(`${JSON.stringify(line)}\n`);

const server = await TestServer.start();
say({ port: server.port });

let buffer = "";
let take: (line: string) => void = () => {};
const lines: string[] = [];
process.stdin.setEncoding("utf8");
process.stdin.on("data", (text: string) => {
  buffer += text;
  for (let at = buffer.indexOf("\n"); at >= 0; at = buffer.indexOf("\n")) {
    lines.push(buffer.slice(0, at));
    buffer = buffer.slice(at + 1);
  }
  for (const line of lines.splice(0)) take(line);
});
// A member whose test has ended has nothing to live for.
process.stdin.on("end", () => process.exit(1));

const peers = await new Promise<Record<string, string>>((resolve) => {
  take = (line) => resolve(JSON.parse(line));
});

const open = (await opener())!;
const storage = sqlite(() => open(file), {
  aside: () => {
    const place = `${file}.aside-${Date.now()}`;
    for (const end of ["", "-wal", "-shm"]) {
      if (existsSync(file + end)) renameSync(file + end, place + end);
    }
  },
});
const { [id]: _, ...others } = peers;
const secret = "tBq8gk0cJmQb3n1Vh0y5xw2Zr7Ls9FdE";
const transport = webSocket({
  peers: others,
  secret,
  upgradeWebSocket,
  WebSocket: ClientWebSocket,
});
server.mount(transport.routes);
const node = await join({ id, members, transport, storage, sessionTtl: 1_000 }).catch((error) => {
  say({ failed: error.code ?? error.name, message: error.message });
  process.exit(1);
});
node.addEventListener("error", ({ detail }) => {
  say({ error: (detail.error as { code?: string }).code, message: detail.error.message });
});
void node.closed.then(({ reason }) => say({ closed: reason?.code ?? null }));
say({ joined: node.life });
node.ready.then(() => say({ ready: true }), () => {});

async function carryOut({ do: what, key, value }: Order): Promise<unknown> {
  switch (what) {
    case "put":
      return await node.kv.put(key, value);
    case "get":
      return await node.kv.get(key);
    case "lock": {
      const lock = await node.lock(key);
      const { token } = lock;
      await lock.release();
      return { ok: true, token };
    }
    case "status":
      return await node.status();
  }
}

take = (line) => {
  const order: Order = JSON.parse(line);
  carryOut(order).then(
    (result) => say({ id: order.id, result }),
    (error) => say({ id: order.id, error: error.code ?? error.name }),
  );
};
