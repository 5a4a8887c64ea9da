import { assert, assertEquals } from "@std/assert";
import { afterEach, describe, it } from "@std/testing/bdd";
import { type ClusterNode, join } from "../../mod.ts";
import { broadcastChannel } from "../../transports/broadcast_channel.ts";
import type { WebLocks } from "../../transports/life_locks.ts";
import { assertCode } from "../support/expect.ts";
import { eventually, within } from "../support/wait.ts";

/** Locks of which the test decides when they are granted. */
class ManualLocks implements WebLocks {
  readonly held = new Map<string, (error?: unknown) => void>();
  readonly awaited = new Map<string, Set<() => void>>();

  request(
    name: string,
    { mode, signal, ifAvailable }: { mode?: string; signal?: AbortSignal; ifAvailable?: boolean },
    callback: (lock: unknown) => unknown,
  ): Promise<unknown> {
    if (mode !== "shared") {
      return new Promise((resolve, reject) => {
        this.held.set(name, (error) => error === undefined ? resolve(undefined) : reject(error));
        Promise.resolve(callback({})).then(() => {
          this.held.delete(name);
          resolve(undefined);
        });
      });
    }
    if (ifAvailable) return Promise.resolve(callback(this.held.has(name) ? null : {}));
    return new Promise((resolve, reject) => {
      const waiting = this.awaited.get(name) ?? new Set();
      this.awaited.set(name, waiting.add(() => resolve(callback({}))));
      signal?.addEventListener("abort", () => reject(signal.reason));
    });
  }

  /** The platform takes this node for ended. */
  end(node: ClusterNode): void {
    const name = `synod life ${node.life}`;
    this.held.delete(name);
    for (const grant of this.awaited.get(name) ?? []) grant();
  }

  steal(node: ClusterNode): void {
    this.held.get(`synod life ${node.life}`)!(new DOMException("stolen", "AbortError"));
  }
}

const members = ["w1", "w2", "w3"];

/** Far longer than the test. */
const sessionTtl = 60_000;

describe("broadcastChannel() with Web Locks (section 6)", () => {
  const open: ClusterNode[] = [];

  afterEach(async () => {
    await Promise.all(open.splice(0).map((node) => node.close()));
  });

  async function start(locks: WebLocks | false): Promise<ClusterNode[]> {
    const name = `locks ${crypto.randomUUID()}`;
    const nodes = await Promise.all(members.map((id) => {
      return join({ id, members, sessionTtl, transport: broadcastChannel(name, { locks }) });
    }));
    open.push(...nodes);
    await Promise.all(nodes.map((node) => node.ready));
    return nodes;
  }

  it("what a node owned is free when its lock is granted to others", async () => {
    const locks = new ManualLocks();
    const [first, , third] = await start(locks);
    assertEquals(locks.held.size, 3);
    await third.lock("k");
    const waiting = first.lock("k");
    waiting.catch(() => {});
    const lives = [first, third].map(({ life }) => `synod life ${life}`);
    await eventually(
      () => !waits || lives.every((life) => (locks.awaited.get(life)?.size ?? 0) > 0),
      "all wait for the locks",
    );
    // The node runs on, in this test: it only knows that its lock is gone by the error of a theft.
    locks.end(third);
    const lock = await within(waiting, "the lock of the node that ended");
    assert(lock.held);
  });

  it("a node whose lock is stolen closes, and owns nothing from then on", async () => {
    const locks = new ManualLocks();
    const [first, , third] = await start(locks);
    const lock = await third.lock("k");
    locks.steal(third);
    await Promise.resolve();
    await Promise.resolve();
    await eventually(() => !lock.held, "the lock is lost");
    await assertCode(third.lock("other"), "replaced");
    assert((await first.kv.put("k", 1)).ok);
  });

  it("`locks: false` takes none", async () => {
    const nodes = await start(false);
    const held = await globalThis.navigator?.locks?.query();
    const names = held?.held?.map(({ name }) => name) ?? [];
    for (const { life } of nodes) assert(!names.includes(`synod life ${life}`));
  });

  it("takes those of the platform by default, and gives them back", async () => {
    const nodes = await start(undefined as unknown as false);
    const { locks } = globalThis.navigator ?? {};
    if (locks === undefined) return;
    const held = async () => (await locks.query()).held?.map(({ name }) => name) ?? [];
    const own = nodes.map(({ life }) => `synod life ${life}`);
    const names = await held();
    for (const name of own) assert(names.includes(name), `${name} of ${names}`);
    await Promise.all(nodes.map((node) => node.close()));
    await eventually(async () => {
      const names = await held();
      return !own.some((name) => names.includes(name));
    }, "the locks are released");
    const { pending = [] } = await locks.query();
    assertEquals(pending.filter(({ name }) => own.includes(name!)), []);
  });
});

/** Node tries locks instead of waiting for them. */
const waits = !(globalThis.navigator?.userAgent?.startsWith("Node.js/") ?? false);
