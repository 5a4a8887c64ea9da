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
/** Whether it gave up, in an attempt to lock or in a release: for want of a majority, or when a server did not answer. */
const isGivenUp = (error: unknown) => error instanceof Redlock.LockError;

// deno-lint-ignore require-await -- as every subject
await obey(null, async ({ addresses }) => {
  const clients = addresses.map((address) => new Redis(Number(address), "127.0.0.1"));
  const options = { retryDelay: RETRY, retryJitter: JITTER, retryCount: -1 };
  const redlock: Redlock = new Redlock(clients, options);
  let gaveUp = 0;
  return {
    async lock(key) {
      for (;;) {
        try {
          const lock = await redlock.lock(key, TTL);
          return async () => {
            try {
              await lock.unlock();
            } catch (error) {
              if (!isGivenUp(error)) throw error;
              gaveUp++;
            }
          };
        } catch (error) {
          if (!isGivenUp(error)) throw error;
          gaveUp++;
        }
      }
    },
    gaveUp() {
      const count = gaveUp;
      gaveUp = 0;
      return count;
    },
    async close() {
      await Promise.all(clients.map((client) => client.quit()));
    },
  };
});
