import { join } from "../mod.ts";
import { broadcastChannel } from "../transports/broadcast_channel.ts";
import { Floor } from "./floor.ts";
import { FrameMeter } from "./frame_meter.ts";
import type { Command, Outcome, PeerSetup } from "./peer.ts";
import { MEMBERS, OPTIONS, type Setting } from "./setting.ts";
import type { Waiter } from "./waiter.ts";

/** The first one in this thread, each of the others in a worker of its own. */
export async function overBroadcastChannel(): Promise<Setting> {
  const [self, ...ids] = MEMBERS;
  const cluster = `bench ${crypto.randomUUID()}`;
  const bare = `${cluster}, bare`;
  const peers = ids.map((id) => new Peer({ id, cluster, bare }));
  const meter = new FrameMeter(broadcastChannel(cluster), ids[0]);
  const node = await join({ ...OPTIONS, id: self, transport: meter });
  await Promise.all(peers.map((peer) => peer.ready));
  await node.ready;
  const floor = new Floor(broadcastChannel(bare), ids);
  await floor.open(self);
  return {
    name: "BroadcastChannel",
    node,
    meter,
    floor,
    waiter: peers[0],
    async close() {
      await Promise.all([node.close(), ...peers.map((peer) => peer.close())]);
      await floor.close();
    },
  };
}

/** A member in a worker, which also waits for locks there. */
class Peer implements Waiter {
  /** Resolves when it has a session. */
  readonly ready: Promise<void>;
  readonly #worker = new Worker(new URL("./peer.ts", import.meta.url), { type: "module" });
  #answer: (value: Outcome) => void = () => {};

  constructor(setup: PeerSetup) {
    this.#worker.onmessage = ({ data }: MessageEvent<Outcome>) => this.#answer(data);
    this.ready = this.#tell({ do: "join", setup }).then(() => {});
  }

  async ask(keys: readonly string[]): Promise<void> {
    await this.#tell({ do: "ask", keys });
  }

  async granted(): Promise<number[]> {
    return [...await this.#tell({ do: "granted" })];
  }

  async release(): Promise<void> {
    await this.#tell({ do: "release" });
  }

  /** Leaves the cluster, and ends the worker. */
  async close(): Promise<void> {
    await this.#tell({ do: "close" });
    this.#worker.terminate();
  }

  /** One thing after the other. */
  #tell(command: Command): Promise<Outcome> {
    return new Promise((resolve) => {
      this.#answer = resolve;
      this.#worker.postMessage(command);
    });
  }
}
