import { assertEquals } from "@std/assert";
import type { ChildContext, ChildSpec } from "../../../mod.ts";
import { VirtualCluster } from "../../support/virtual_cluster.ts";
import { keyFor } from "./keys.ts";

/** Time to live of sessions, in milliseconds. */
export const SESSION_TTL = 1_000;

/** A few round trips on the virtual network, in milliseconds. */
export const FEW_ROUND_TRIPS = 100;

/** Time after which a silent caller counts as lost, and a check for that, in milliseconds. */
export const SILENCE = 7_000;

function ended(signal: AbortSignal): Promise<unknown> {
  if (signal.aborted) return Promise.resolve();
  return new Promise((resolve) => signal.addEventListener("abort", resolve));
}

/** An instance whose methods return streams. */
export interface Source {
  count(to: number): AsyncIterable<number>;
  fails(): Promise<AsyncGenerator<number>>;
  odd(): AsyncIterable<() => void>;
  waits(): AsyncGenerator<number>;
  asks(): AsyncIterable<unknown>;
  ping(): string;
  leave(): void;
  last(): Promise<AsyncIterable<number>>;
}

/** A source of streams, with a record of what its generators do. */
export class Sources {
  /** What has happened, in order. */
  readonly log: string[] = [];
  context: ChildContext | undefined;
  readonly spec: ChildSpec<Source, []> = {
    id: "source",
    start: (context) => {
      this.context = context;
      const { log } = this;
      const key = context.key as string;
      return {
        async *count(to) {
          const who = context.current?.node;
          context.current?.signal.addEventListener("abort", () => log.push("aborted"));
          log.push(`begins for ${who}`);
          try {
            for (let n = 1; n <= to; n++) {
              log.push(`makes ${n}`);
              yield n;
            }
          } finally {
            log.push("ends");
          }
        },
        // deno-lint-ignore require-await -- a method that returns a promise of a generator
        fails: async () => {
          async function* generate() {
            yield 1;
            await Promise.resolve();
            throw new RangeError("no more");
          }
          return generate();
        },
        async *odd() {
          yield () => {};
        },
        async *waits() {
          try {
            yield 1;
            await new Promise((resolve) => context.signal.addEventListener("abort", resolve));
            yield 2;
          } finally {
            log.push("ends");
          }
        },
        async *asks() {
          yield await context.call(context.name(key, self), "ping");
        },
        ping: () => "pong",
        leave: () => void context.exit(),
        last: async () => {
          context.exit();
          await ended(context.signal);
          async function* generate() {
            yield 1;
          }
          return generate();
        },
      };
    },
  };
}
const self: ChildSpec<Source, []> = { id: "source", start: () => Promise.reject("not a host") };

/** A cluster whose `n3` runs a source; `n1` calls it. */
export async function startSource() {
  const sources = new Sources();
  const options = { hosts: [sources.spec], sessionTtl: SESSION_TTL, clients: true };
  const cluster = await VirtualCluster.start(3, options);
  const key = keyFor("source", ["n3", "n2", "n1"]);
  const { time, nodes: [node] } = cluster;
  const remote = node.name(key, sources.spec);
  assertEquals(await time.until(remote.ping()), "pong");
  return {
    ...{ cluster, time, node, remote, sources, key, log: sources.log },
    [Symbol.asyncDispose]: () => cluster[Symbol.asyncDispose](),
  };
}

/** The items of a stream, and how it ended. */
export async function collect(stream: AsyncIterable<unknown>): Promise<unknown[]> {
  const items: unknown[] = [];
  try {
    for await (const item of stream) items.push(item);
  } catch (error) {
    items.push(error);
  }
  return items;
}

/** The iterator of a stream. */
export function iterate<T>(stream: AsyncIterable<T>): AsyncIterator<T> {
  return stream[Symbol.asyncIterator]();
}
