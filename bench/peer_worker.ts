/**
 * A worker with one of the members that are not measured, and an echo on the bare transport.
 *
 * @module
 */
import { broadcastChannel } from "../transports/broadcast_channel.ts";
import { type Command, Member } from "./member.ts";

/** The id of this member, and the names of the channels. */
export interface WorkerSetup {
  readonly id: string;
  readonly cluster: string;
  readonly bare: string;
}

const member = new Member<WorkerSetup>(({ id, cluster, bare }) => ({
  id,
  cluster: broadcastChannel(cluster),
  bare: broadcastChannel(bare),
}));

/** The main thread. (The type checker takes every file for one of the main thread.) */
const main = self as unknown as Worker;

main.onmessage = async ({ data }: MessageEvent<Command<WorkerSetup>>) =>
  main.postMessage(await member.obey(data));
