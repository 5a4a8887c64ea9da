/**
 * A client of Redis, in Node: the package `redlock` over `ioredis`, with all servers.
 *
 * @module
 */
import { createRequire } from "node:module";
import { obey } from "./obey.ts";

/** Milliseconds after which a lock of a lost client is free; longer than any measurement. */
const TTL = 60_000;

/** Milliseconds before a contender tries again, and the random time on top: the package's defaults are 200 and 100. */
const [RETRY, JITTER] = [5, 2];

interface Redlock {
  lock(key: string, ttl: number): Promise<{ unlock(): Promise<void> }>;
}

const require = createRequire(import.meta.url);
const Redis = require("ioredis");
const Redlock = require("redlock");
// deno-lint-ignore require-await -- as every subject
await obey(null, async ({ addresses }) => {
  const clients = addresses.map((address) => new Redis(Number(address), "127.0.0.1"));
  const options = { retryDelay: RETRY, retryJitter: JITTER, retryCount: -1 };
  const redlock: Redlock = new Redlock(clients, options);
  return {
    async lock(key) {
      const lock = await redlock.lock(key, TTL);
      return () => lock.unlock();
    },
    async close() {
      await Promise.all(clients.map((client) => client.quit()));
    },
  };
});
