/**
 * One of the three workers: a node of the cluster that runs some of the ten processes.
 *
 * @module
 */
import { type ClusterNode, join, type Process } from "../../mod.ts";
import { broadcastChannel } from "../../transports/broadcast_channel.ts";
import type { FromWorker, ToWorker, Variant } from "./messages.ts";

const PROCESSES = 10;
const TIMES = 5;

/** The key of the lock. Any key works, as long as all processes use the same one. */
const KEY = "the terminal";

/** Prints the digit, from this thread, and pauses. */
async function print(digit: number): Promise<void> {
  Deno.stdout.writeSync(new TextEncoder().encode(`${digit}`));
  await new Promise((resolve) => setTimeout(resolve, 10));
}

/** The code of a process, in each of the variants. */
const VARIANTS: Record<Variant, (self: Process<unknown>, digit: number) => Promise<void>> = {
  async "with the lock around the loop"(self, digit) {
    await using _lock = await self.lock(KEY);
    for (let i = 0; i < TIMES; i++) await print(digit);
  },

  // A process that has the lock does not wait for itself. No code releases the lock: it becomes free
  // when the process ends.
  async "with the lock inside the loop"(self, digit) {
    for (let i = 0; i < TIMES; i++) {
      await self.lock(KEY);
      await print(digit);
    }
  },

  async "without the lock"(_self, digit) {
    for (let i = 0; i < TIMES; i++) await print(digit);
  },
};

/** Runs every third process: those that belong to this worker. */
async function run(node: ClusterNode, variant: Variant): Promise<void> {
  const first = node.members.indexOf(node.id);
  const processes: Process<void>[] = [];
  for (let digit = first; digit < PROCESSES; digit += node.members.length) {
    processes.push(node.spawn((self) => VARIANTS[variant](self, digit)));
  }
  await Promise.all(processes.map((process) => process.result));
}

/** The main thread. (The type checker takes every file for one of the main thread.) */
const main = self as unknown as Worker;
let node: ClusterNode;

main.onmessage = async ({ data }: MessageEvent<ToWorker>) => {
  switch (data.type) {
    case "join":
      node = await join({
        id: data.members[data.self],
        members: data.members,
        transport: broadcastChannel("ten-processes"),
      });
      await node.ready;
      break;
    case "print":
      await run(node, data.variant);
      break;
    case "leave":
      await node.close();
  }
  main.postMessage("done" satisfies FromWorker);
};
