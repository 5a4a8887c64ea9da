/**
 * One of the three workers: a node of the cluster, and the home of some of the ten processes.
 *
 * @module
 */
import { type ClusterNode, join, type Process } from "../../mod.ts";
import { broadcastChannel } from "../../transports/broadcast_channel.ts";
import type { FromWorker, ToWorker, Variant } from "./messages.ts";

const PROCESSES = 10;
const TIMES = 5;

/** What the lock is on. Any key will do, as long as all use the same. */
const KEY = "the terminal";

/** Prints the digit, from this very thread, and pauses. */
async function print(digit: number): Promise<void> {
  Deno.stdout.writeSync(new TextEncoder().encode(`${digit}`));
  await new Promise((resolve) => setTimeout(resolve, 10));
}

/** What a process does, in each of the variants. */
const VARIANTS: Record<Variant, (self: Process<unknown>, digit: number) => Promise<void>> = {
  async "with the lock around the loop"(self, digit) {
    await using _lock = await self.lock(KEY);
    for (let i = 0; i < TIMES; i++) await print(digit);
  },

  // A process that has the lock does not wait for itself. Nobody releases it here: it is free when the
  // process ends.
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

/** Runs every third of the processes: those that live in this worker. */
async function run(node: ClusterNode, variant: Variant): Promise<void> {
  const first = node.members.indexOf(node.id);
  const processes: Process<void>[] = [];
  for (let digit = first; digit < PROCESSES; digit += node.members.length) {
    processes.push(node.spawn((self) => VARIANTS[variant](self, digit)));
  }
  await Promise.all(processes.map((process) => process.result));
}

/** The other end. (The type checker takes every file for one of the main thread.) */
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
