import { join } from "../mod.ts";
import { Floor } from "./floor.ts";
import { FrameMeter } from "./frame_meter.ts";
import { linesOf } from "./lines.ts";
import { Peer } from "./peer.ts";
import type { ProcessSetup } from "./peer_process.ts";
import { type Over, Server } from "./server.ts";
import { MEMBERS, OPTIONS, type Setting } from "./setting.ts";
import { LocalWaiter } from "./waiter.ts";

/** Over WebSocket: the first member in this process, each of the others in its own process on this machine. */
export function overWebSocket(): Promise<Setting> {
  return overProcesses("WebSocket", "websocket");
}

/** The same over HTTP. */
export function overHttp(): Promise<Setting> {
  return overProcesses("HTTP", "http");
}

async function overProcesses(name: string, over: Over): Promise<Setting> {
  const [self, ...ids] = MEMBERS;
  const server = new Server(over);
  const processes = ids.map(() => new PeerProcess(over));
  const addresses: Record<string, string> = { [self]: server.address };
  for (const [index, id] of ids.entries()) addresses[id] = await processes[index].address;
  const { cluster, bare } = server.transports(self, addresses);
  const peers = processes.map(({ peer }) => peer);
  const joined = peers.map((peer, index) => peer.join({ id: ids[index], addresses }));
  const meter = new FrameMeter(cluster, ids[0]);
  const node = await join({ ...OPTIONS, id: self, transport: meter });
  const floor = new Floor(bare, ids);
  await floor.open(self);
  await Promise.all([...joined, node.ready]);
  await floor.reached();
  return {
    name,
    node,
    meter,
    floor,
    waiter: peers[0],
    contenders: [new LocalWaiter(node), ...peers],
    async close() {
      await Promise.all([node.close(), ...peers.map((peer) => peer.close())]);
      await floor.close();
      await Promise.all([server.close(), ...processes.map((process) => process.ended())]);
    },
  };
}

/** A process with a member. */
class PeerProcess {
  readonly peer: Peer<ProcessSetup>;
  /** The address of its server. */
  readonly address: Promise<string>;
  readonly #child: Deno.ChildProcess;
  readonly #lines: AsyncGenerator<string>;
  readonly #stdin: WritableStreamDefaultWriter<Uint8Array<ArrayBuffer>>;

  constructor(over: Over) {
    const program = new URL("./peer_process.ts", import.meta.url);
    this.#child = new Deno.Command(Deno.execPath(), {
      args: ["run", "--no-check", "--allow-read", "--allow-net=127.0.0.1", program.href, over],
      stdin: "piped",
      stdout: "piped",
      stderr: "inherit",
    }).spawn();
    this.#lines = linesOf(this.#child.stdout);
    this.#stdin = this.#child.stdin.getWriter();
    this.address = this.#answer() as Promise<string>;
    this.peer = new Peer(async (command) => {
      await this.#stdin.write(new TextEncoder().encode(`${JSON.stringify(command)}\n`));
      return await this.#answer() as number[];
    });
  }

  /** Stops it; resolves when it has ended. */
  async ended(): Promise<void> {
    await this.#stdin.close();
    await this.#child.status;
  }

  async #answer(): Promise<unknown> {
    const { value, done } = await this.#lines.next();
    if (done) throw new Error("a member of the cluster has ended");
    return JSON.parse(value);
  }
}
