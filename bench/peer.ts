/**
 * A worker that is one of the members that are not measured, and an echo on the bare transport.
 *
 * @module
 */
import { type ClusterNode, join } from "../mod.ts";
import { broadcastChannel } from "../transports/broadcast_channel.ts";
import { openEcho } from "./floor.ts";
import { OPTIONS } from "./setting.ts";
import { LocalWaiter } from "./waiter.ts";

/** Who it is, and the names of the channels. */
export interface PeerSetup {
  readonly id: string;
  readonly cluster: string;
  readonly bare: string;
}

/** What it is told; one thing after the other. */
export type Command =
  | { readonly do: "join"; readonly setup: PeerSetup }
  | { readonly do: "ask"; readonly keys: readonly string[] }
  | { readonly do: "granted" }
  | { readonly do: "release" }
  | { readonly do: "close" };

/** What it answers: times for `granted`, and nothing else. */
export type Outcome = readonly number[];

let node: ClusterNode;
let waiter: LocalWaiter;

async function obey(command: Command): Promise<Outcome> {
  switch (command.do) {
    case "join": {
      const { id, cluster, bare } = command.setup;
      node = await join({ ...OPTIONS, id, transport: broadcastChannel(cluster) });
      waiter = new LocalWaiter(node);
      await openEcho(broadcastChannel(bare), id);
      await node.ready;
      return [];
    }
    case "ask":
      await waiter.ask(command.keys);
      return [];
    case "granted":
      return await waiter.granted();
    case "release":
      await waiter.release();
      return [];
    case "close":
      await node.close();
      return [];
  }
}

/** The other end. (The type checker takes every file for one of the main thread.) */
const main = self as unknown as Worker;

main.onmessage = async ({ data }: MessageEvent<Command>) => main.postMessage(await obey(data));
