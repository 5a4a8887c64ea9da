/** A request that is aborted at any moment: no lock stays held without an owner (section 9). */
import { assertEquals, assertGreater, fail } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import type { ClusterNode, LockOptions } from "../../mod.ts";
import { VirtualCluster } from "../support/virtual_cluster.ts";

/** Sessions that outlast every test: a lock that is not released stays held. */
const OPTIONS = { sessionTtl: 600_000, timeout: 60_000 };

/**
 * Microtasks between the abort times of successive attempts, for each number of members. One member alone
 * does everything in microtasks. Between members, time goes on with 30 microtasks for each frame, of which
 * only a few do something: the stride has no common divisor with 30, so every microtask is tried.
 */
const STRIDES = { 1: 1, 3: 13 } as const;

/** Far more microtasks than any request takes. */
const MOST_STEPS = 3_000;

const ABORTED = new Error("aborted");

/** A request that a test can abort. `won`: what it does with a lock that it got anyway. */
interface Attempt {
  /**
   * Requests the lock; resolves once it was granted and released, rejects with `ABORTED` if it was not
   * granted.
   */
  ask(node: ClusterNode, key: string): Promise<void>;
  abort(): void;
}

const WAYS: Readonly<Record<string, (options: LockOptions) => Attempt>> = {
  "node.lock": (options) => {
    const aborter = new AbortController();
    return {
      async ask(node, key) {
        await (await node.lock(key, { ...options, signal: aborter.signal }))?.release();
      },
      abort: () => aborter.abort(ABORTED),
    };
  },
  "locks.request": ({ mode }) => {
    const aborter = new AbortController();
    const { signal } = aborter;
    let calledLate = false;
    return {
      async ask(node, key) {
        await node.locks.request(key, { mode, signal }, () => void (calledLate = signal.aborted));
        if (calledLate) fail("it was called back after it was aborted");
      },
      abort: () => aborter.abort(ABORTED),
    };
  },
  "process.lock": (options) => {
    const aborter = new AbortController();
    return {
      async ask(node, key) {
        await (await node.spawn().lock(key, { ...options, signal: aborter.signal }))?.release();
      },
      abort: () => aborter.abort(ABORTED),
    };
  },
  "process.lock, by two calls that both are aborted": (options) => {
    const aborter = new AbortController();
    return {
      async ask(node, key) {
        const process = node.spawn();
        const { signal } = aborter;
        const calls = [process.lock(key, { ...options, signal }), process.lock(key, { signal })];
        const ends = await Promise.allSettled(
          calls.map((call) => call.then((lock) => lock?.release())),
        );
        for (const end of ends) if (end.status === "rejected") throw end.reason;
      },
      abort: () => aborter.abort(ABORTED),
    };
  },
  "process.lock, by a request of its own process for the exclusive lock": (options) => {
    let upgrade = () => Promise.resolve();
    return {
      async ask(node, key) {
        const process = node.spawn();
        let overtaken: Promise<void> | undefined;
        upgrade = async () => {
          // This call is misuse once the shared lock is held.
          overtaken = process.lock(key).then((lock) => lock.release()).catch((error) => {
            if (!(error instanceof TypeError)) throw error;
          });
          await overtaken;
        };
        const lock = await process.lock(key, { ...options, mode: "shared" });
        const isExclusive = lock?.mode === "exclusive";
        if (!lock?.held) fail("the handle of a lock that was taken back");
        await lock.release();
        await overtaken;
        if (isExclusive) throw ABORTED;
      },
      abort: () => void upgrade(),
    };
  },
  "process.lock, by the end of the process": (options) => {
    let exit = () => {};
    return {
      async ask(node, key) {
        const process = node.spawn();
        process.result.catch(() => {});
        exit = () => void process.exit(ABORTED);
        await (await process.lock(key, options))?.release();
      },
      abort: () => exit(),
    };
  },
};

/**
 * The situations that a request meets; each resolves, once the request is made, to a function that frees the
 * lock for good.
 */
const SITUATIONS: Readonly<
  Record<string, (cluster: VirtualCluster, key: string) => Promise<() => Promise<void>>>
> = {
  "a free lock": () => Promise.resolve(() => Promise.resolve()),
  "a lock of another node that is released meanwhile": async ({ time, nodes }, key) => {
    const held = await time.until(nodes[nodes.length - 1].lock(key));
    return () => held.release();
  },
  "a lock of its own node that is released meanwhile": async ({ time, nodes: [first] }, key) => {
    const held = await time.until(first.lock(key));
    return () => held.release();
  },
};

/** Waits for this number of microtasks. */
async function after(microtasks: number): Promise<void> {
  for (let i = 0; i < microtasks; i++) await null;
}

describe("a lock whose request is aborted at any moment", () => {
  for (const size of [1, 3] as const) {
    for (const [situation, prepare] of Object.entries(SITUATIONS)) {
      // With one member, "another node" and "its own node" would be the same.
      if (situation.includes(size === 1 ? "another node" : "its own node")) continue;
      for (const [way, attempt] of Object.entries(WAYS)) {
        it(`is free afterwards: ${way}, ${situation}, ${size} members`, async () => {
          await using cluster = await VirtualCluster.start(size, OPTIONS);
          const { time, nodes } = cluster;
          const other = nodes[nodes.length - 1];
          const outcomes = { aborted: 0, granted: 0 };
          // Until it is granted, and a few attempts more.
          for (let steps = 0; outcomes.granted < 5; steps += STRIDES[size]) {
            if (steps > MOST_STEPS) fail("it is never granted");
            const key = `${steps}`;
            const free = await prepare(cluster, key);
            const { ask, abort } = attempt({});
            const asked = ask(nodes[0], key).then(
              () => void outcomes.granted++,
              (reason) => {
                if (reason !== ABORTED) throw reason;
                outcomes.aborted++;
              },
            );
            const freed = free();
            const aborted = after(steps).then(abort);
            await time.until(Promise.all([asked, freed, aborted]));
            const next = await time.until(other.lock(key, { timeout: 5_000 }));
            await time.until(next.release());
            const { owned } = await time.until(nodes[0].status());
            assertEquals([steps, owned.locks], [steps, 0]);
          }
          // A grant by one member takes the fewest microtasks where no round has to prepare: three.
          assertGreater(outcomes.aborted, 2);
        });
      }
    }
  }
});
