/**
 * The thread of one member: executes the commands of the main thread on its node, several at a time if
 * they overlap.
 *
 * @module
 */
import { type ClusterNode, join, type Key, type Lock, type Process } from "../../../mod.ts";
import { broadcastChannel } from "../../../transports/broadcast_channel.ts";
import { SteadyClock } from "../../support/steady_clock.ts";
import { parentThread } from "./threads.ts";

/** The commands for a member. Keys and values are strings, which is sufficient here. */
export type Command =
  | {
    readonly do: "join";
    readonly id: string;
    readonly members: readonly string[];
    readonly channel: string;
    readonly sessionTtl?: number;
    readonly clients?: boolean;
    /** False: only the end of its session tells that this thread is gone, as where there are no Web Locks. */
    readonly locks?: boolean;
  }
  | { readonly do: "put"; readonly key: Key; readonly value: string }
  /** Bound to this node, or to a process of it that runs until "exit". */
  | { readonly do: "claim"; readonly key: Key; readonly value: string; readonly bind: Bind }
  | { readonly do: "get" | "node"; readonly key: Key }
  | { readonly do: "keys"; readonly bucket?: string }
  | { readonly do: "exit" }
  /** Takes the lock for a new process of this node, and keeps both until "unlock". */
  | { readonly do: "lock"; readonly key: Key }
  /** Releases the lock, by its own release or by the exit of its process. */
  | { readonly do: "unlock"; readonly key: Key; readonly by: "release" | "exit" }
  /** Answers with the durations of `count` reads of a bound value, each one round trip, in milliseconds. */
  | { readonly do: "reads"; readonly count: number }
  | { readonly do: "nothing" }
  /** Answers with the rest of its session, in milliseconds. */
  | { readonly do: "remaining" }
  /** Takes the platform's own lock of this name, and keeps it; answers whether there are such locks. */
  | { readonly do: "webLock"; readonly name: string }
  /** Blocks the thread for this time, in milliseconds. */
  | { readonly do: "block"; readonly time: number }
  /** Puts fresh keys, one after the other, until "stop", and at least 100; answers with {@linkcode Work}. */
  | { readonly do: "work"; readonly prefix: string }
  | { readonly do: "stop" }
  | { readonly do: "close" };

/** The binding of a claim. */
export type Bind = "node" | "pid" | "nothing";

/** The answer to "work"; times in milliseconds. */
export interface Work {
  readonly puts: number;
  readonly failed: number;
  /** Duration of all puts together. */
  readonly time: number;
  /** Duration of the longest one, without the time in which the process stood still. */
  readonly longest: number;
}

/** A command, and the number of its answer. */
export interface Order {
  readonly number: number;
  readonly command: Command;
}

/** The outcome of the command with this number. */
export interface Answer {
  readonly number: number;
  readonly value?: unknown;
  readonly error?: string;
}

const parent = await parentThread<Answer, Order>();
let node: ClusterNode;
let process: Process;
let working = false;
const held = new Map<Key, { owner: Process; lock: Lock }>();

async function run(command: Command): Promise<unknown> {
  switch (command.do) {
    case "join": {
      const { do: _, channel, locks, ...options } = command;
      node = await join({ ...options, transport: broadcastChannel(channel, { locks }) });
      await node.ready;
      process = node.spawn();
      return null;
    }
    case "put":
      return await node.kv.put(command.key, command.value);
    case "claim": {
      const { key, value, bind } = command;
      const options = { node: { node: node.id }, pid: { pid: process.pid }, nothing: {} };
      return await node.kv.claim(key, value, options[bind]);
    }
    case "get":
      return await node.kv.get(command.key);
    case "node":
      return await node.kv.node(command.key);
    case "keys":
      return await node.kv.keys(command.bucket);
    case "exit":
      return await process.exit();
    case "lock": {
      const owner = node.spawn();
      held.set(command.key, { owner, lock: await owner.lock(command.key) });
      return null;
    }
    case "unlock": {
      const { owner, lock } = held.get(command.key)!;
      held.delete(command.key);
      if (command.by === "release") await lock.release();
      return await owner.exit();
    }
    case "reads": {
      await node.kv.put(`bound to ${node.id}`, node.id, { pid: process });
      const took: number[] = [];
      while (took.length < command.count) {
        const begun = performance.now();
        await node.kv.get(`bound to ${node.id}`);
        took.push(performance.now() - begun);
      }
      return took;
    }
    case "nothing":
      return null;
    case "remaining":
      return (await node.status()).session!.remaining;
    case "webLock": {
      const { locks } = globalThis.navigator ?? {};
      if (locks === undefined) return false;
      return await new Promise((granted, refused) => {
        locks.request(command.name, () => {
          granted(true);
          return new Promise(() => {});
        }).catch(refused);
      });
    }
    case "block": {
      const end = performance.now() + command.time;
      while (performance.now() < end);
      return null;
    }
    case "work": {
      working = true;
      const work: { -readonly [K in keyof Work]: Work[K] } = {
        puts: 0,
        failed: 0,
        time: 0,
        longest: 0,
      };
      const clock = new SteadyClock();
      const end = clock.measure();
      const all = performance.now();
      while (working || work.puts < 100) {
        const begun = clock.now;
        const put = await node.kv.put(`${command.prefix} ${work.puts}`, node.id);
        work.longest = Math.max(work.longest, clock.now - begun);
        work.puts++;
        if (!put.ok) work.failed++;
        // Bun serves a thread's parent less the more messages its channels get.
        await new Promise((resolve) => setTimeout(resolve, 1));
      }
      work.time = performance.now() - all;
      end();
      return work;
    }
    case "stop":
      working = false;
      return null;
    case "close":
      return await node.close();
  }
}

parent.onMessage(async ({ number, command }) => {
  try {
    parent.post({ number, value: await run(command) });
  } catch (error) {
    parent.post({ number, error: String(error) });
  }
});
