/**
 * A client of etcd, in Node: the package `etcd3`.
 *
 * @module
 */
import { createRequire } from "node:module";
import { obey } from "./obey.ts";

/** The part of `etcd3` that this program uses. */
interface Etcd3 {
  if(key: string, column: string, operator: string, value: number): {
    then(...operations: unknown[]): { commit(): Promise<{ succeeded: boolean }> };
  };
  put(key: string): { value(value: string): PromiseLike<unknown> };
  get(key: string): { string(): Promise<string> };
  lock(key: string): {
    ttl(seconds: number): { acquire(): Promise<{ release(): Promise<void> }> };
  };
  close(): void;
}

/** Seconds after which a lock of a lost client is free; longer than any measurement. */
const TTL = 60;

/** Milliseconds before a contender tries again: `etcd3` has no queue, its locks fail at once. */
const RETRY = 5;

const { Etcd3, EtcdLockFailedError } = createRequire(import.meta.url)("etcd3");
// deno-lint-ignore require-await -- as every subject
await obey(null, async ({ index, addresses }) => {
  // Each process talks to a server of its own, as long as there are enough.
  const host = addresses[index % addresses.length];
  const client: Etcd3 = new Etcd3({ hosts: host });
  return {
    async put(key, value) {
      const set = client.put(key).value(value);
      const { succeeded } = await client.if(key, "Create", "==", 0).then(set).commit();
      if (!succeeded) throw new Error("it was set");
    },
    async preset(key, value) {
      await client.put(key).value(value);
    },
    get: (key) => client.get(key).string(),
    async lock(key) {
      for (;;) {
        try {
          const lock = await client.lock(key).ttl(TTL).acquire();
          return () => lock.release();
        } catch (error) {
          if (!(error instanceof EtcdLockFailedError)) throw error;
          await new Promise((resolve) => setTimeout(resolve, RETRY));
        }
      }
    },
    // deno-lint-ignore require-await -- as every subject
    async close() {
      client.close();
    },
  };
});
