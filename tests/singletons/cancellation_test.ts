import { assert, assertEquals, assertLess, assertRejects } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import type { ChildContext, ChildSpec } from "../../mod.ts";
import { reasonOf } from "../support/expect.ts";
import { VirtualCluster } from "../support/virtual_cluster.ts";
import { quiet } from "../support/wait.ts";
import { keyFor } from "./support/keys.ts";

/** Time within which a host learns that a caller waits no more, in milliseconds: one way, and some turns. */
const AT_ONCE = 5;

const SESSION_TTL = 1_000;

/** Time after which a silent caller counts as lost, and the interval of the checks, in milliseconds. */
const LONGEST_SILENCE = 5_000;
const CHECKED_EVERY = 1_000;

/** A method that waits until its call is cancelled, and one that does not listen. */
class Waiter {
  readonly #context: ChildContext;
  readonly #waiters: Waiters;

  constructor(context: ChildContext, waiters: Waiters) {
    this.#context = context;
    this.#waiters = waiters;
  }

  async wait(name: string): Promise<string> {
    const { current } = this.#context;
    this.#waiters.log.push(`begin ${name} of ${current?.node}`);
    const signal = current?.signal;
    if (signal === undefined) throw new Error("no call");
    await new Promise<void>((resolve, reject) => {
      this.#waiters.goOn.set(name, resolve);
      signal.addEventListener("abort", () => reject(signal.reason), { once: true });
    }).catch((error) => {
      this.#waiters.log.push(`${error.name} in ${name}`);
      throw error;
    });
    return name;
  }

  stubborn(name: string): Promise<void> {
    this.#waiters.log.push(`begin ${name}`);
    this.#waiters.stubborn = this.#context.current?.signal;
    return new Promise((resolve) => this.#waiters.goOn.set(name, resolve));
  }

  node(): string {
    return this.#context.node;
  }
}

class Waiters {
  readonly log: string[] = [];
  readonly goOn = new Map<string, () => void>();
  readonly contexts: ChildContext[] = [];
  stubborn: AbortSignal | undefined;
  readonly spec: ChildSpec<Waiter, []>;

  constructor(concurrent: boolean) {
    this.spec = {
      id: "waiter",
      concurrent,
      start: (context) => {
        this.contexts.push(context);
        return new Waiter(context, this);
      },
    };
  }
}

async function start({ concurrent = false } = {}) {
  const waiters = new Waiters(concurrent);
  const options = { hosts: [waiters.spec], sessionTtl: SESSION_TTL };
  const cluster = await VirtualCluster.start(3, options);
  const { time, nodes } = cluster;
  const key = keyFor("waiter", cluster.members.toReversed());
  const remotes = nodes.map((node) => node.name(key, waiters.spec));
  const host = await time.until(remotes[0].node());
  return {
    ...{ cluster, time, waiters, nodes, remotes, host, key },
    [Symbol.asyncDispose]: () => cluster[Symbol.asyncDispose](),
  };
}

describe("a call whose signal aborts", () => {
  it("aborts the signal of the running call, which frees the instance for the next one", async () => {
    await using test = await start();
    const { cluster, time, waiters, nodes: [one, two], remotes } = test;
    const abort = new AbortController();
    const { signal } = abort;
    const call = reasonOf(one.call(remotes[0], "wait", ["a"], { signal }));
    await cluster.pass(20);
    const next = quiet(two.call(remotes[1], "wait", ["b"]));
    await cluster.pass(3_000);
    assertEquals(waiters.log, [`begin a of n1`]);
    abort.abort(new Error("enough"));
    await cluster.pass(AT_ONCE);
    assertEquals((await call as Error).message, "enough");
    assertEquals(waiters.log.slice(1), ["AbortError in a", `begin b of n2`]);
    waiters.goOn.get("b")?.();
    assertEquals(await time.until(next), "b");
  });

  it("by its time limit does the same", async () => {
    await using test = await start();
    const { cluster, waiters, nodes: [one], remotes } = test;
    const call = reasonOf(one.call(remotes[0], "wait", ["a"], { timeout: 300 }));
    await cluster.pass(290);
    assertEquals(waiters.log.length, 1);
    await cluster.pass(10 + AT_ONCE);
    assertEquals((await call as Error).name, "TimeoutError");
    assertEquals(waiters.log.slice(1), ["AbortError in a"]);
  });

  it("does not begin any more if it still waits for the instance", async () => {
    await using test = await start();
    const { cluster, time, waiters, nodes: [one, two], remotes } = test;
    const running = quiet(one.call(remotes[0], "wait", ["a"]));
    await cluster.pass(20);
    const abort = new AbortController();
    const { signal } = abort;
    const waiting = reasonOf(two.call(remotes[1], "wait", ["b"], { signal }));
    await cluster.pass(20);
    abort.abort();
    await cluster.pass(AT_ONCE);
    waiters.goOn.get("a")?.();
    assertEquals(await time.until(running), "a");
    await time.until(waiting);
    await cluster.pass(100);
    assertEquals(waiters.log, [`begin a of n1`]);
  });

  it("leaves the other calls of its node alone", async () => {
    await using test = await start({ concurrent: true });
    const { cluster, time, waiters, nodes: [one], remotes: [remote] } = test;
    const aborts = [new AbortController(), new AbortController(), new AbortController()];
    const calls = aborts.map(({ signal }, n) =>
      quiet(one.call(remote, "wait", [`${n}`], { signal }))
    );
    await cluster.pass(20);
    aborts[1].abort();
    await assertRejects(() => time.until(calls[1]));
    await cluster.pass(AT_ONCE);
    assertEquals(waiters.log.slice(3), ["AbortError in 1"]);
    for (const name of ["0", "2"]) waiters.goOn.get(name)?.();
    assertEquals(await time.until(calls[0]), "0");
    assertEquals(await time.until(calls[2]), "2");
  });

  it("does not end a method that does not listen", async () => {
    await using test = await start();
    const { cluster, time, waiters, nodes: [one], remotes: [remote] } = test;
    const call = reasonOf(one.call(remote, "stubborn", ["a"], { timeout: 100 }));
    const next = quiet(one.call(remote, "wait", ["b"]));
    await cluster.pass(1_000);
    await call;
    assertEquals(waiters.log, ["begin a"]);
    waiters.goOn.get("a")?.();
    await cluster.pass(100);
    assertEquals(waiters.stubborn?.aborted, true);
    waiters.goOn.get("b")?.();
    assertEquals(await time.until(next), "b");
  });

  it("is cancelled even if that message is lost: by the next call of its node", async () => {
    await using test = await start({ concurrent: true });
    const { cluster, time, waiters, nodes: [one], remotes: [remote], host } = test;
    const call = reasonOf(one.call(remote, "wait", ["a"], { timeout: 100 }));
    await cluster.pass(90);
    cluster.isolate(host);
    await cluster.pass(30);
    cluster.heal();
    await call;
    assertEquals(waiters.log.length, 1);
    assertEquals(await time.until(one.call(remote, "node")), host);
    await cluster.pass(AT_ONCE);
    assertEquals(waiters.log.slice(1), ["AbortError in a"]);
  });
});

describe("a call whose node is gone", () => {
  it("is cancelled at once if the node closes", async () => {
    await using test = await start();
    const { cluster, time, waiters, nodes: [one], remotes: [remote] } = test;
    const call = reasonOf(remote.wait("a"));
    await cluster.pass(20);
    const closed = one.close();
    await cluster.pass(AT_ONCE);
    assertEquals(waiters.log.slice(1), ["AbortError in a"]);
    await time.until(Promise.all([closed, call]));
  });

  it("is cancelled when the node has been silent for long enough", async () => {
    await using test = await start();
    const { cluster, waiters, remotes: [remote] } = test;
    void reasonOf(remote.wait("a"));
    await cluster.pass(100);
    cluster.crash("n1");
    await cluster.pass(LONGEST_SILENCE - CHECKED_EVERY);
    assertEquals(waiters.log.length, 1);
    await cluster.pass(3 * CHECKED_EVERY);
    assertEquals(waiters.log.slice(1), ["AbortError in a"]);
  });

  it("is not cancelled while its node waits, however long, nor is a cast", async () => {
    await using test = await start({ concurrent: true });
    const { cluster, time, waiters, nodes: [one, two], remotes } = test;
    const call = quiet(one.call(remotes[0], "wait", ["a"], { timeout: 600_000 }));
    two.cast(remotes[1], "wait", ["b"]);
    await cluster.pass(60_000);
    assertEquals(waiters.log.length, 2);
    waiters.goOn.get("b")?.();
    waiters.goOn.get("a")?.();
    assertEquals(await time.until(call), "a");
    assertEquals(waiters.log.length, 2);
  });
});

describe("context.current", () => {
  it("is null outside of a call: in a start, before and after calls", async () => {
    const seen: unknown[] = [];
    let context: ChildContext | undefined;
    const spec: ChildSpec<{ see(): Promise<void> }, []> = {
      id: "seer",
      start: (given) => {
        context = given;
        seen.push(given.current);
        return {
          async see() {
            seen.push(given.current?.node);
            await Promise.resolve();
          },
        };
      },
    };
    await using cluster = await VirtualCluster.start(1, { hosts: [spec] });
    const { time, nodes: [node] } = cluster;
    await time.until(node.name("k", spec).see());
    assertEquals(seen, [null, "n1"]);
    assertEquals(context?.current, null);
  });

  it("is that of each call up to its first await if calls overlap", async () => {
    await using test = await start({ concurrent: true });
    const { cluster, time, waiters, nodes, remotes } = test;
    const calls = nodes.map((node, n) => quiet(node.call(remotes[n], "wait", [`${n}`])));
    await cluster.pass(20);
    assertEquals(waiters.log.toSorted(), [0, 1, 2].map((n) => `begin ${n} of n${n + 1}`));
    assertEquals(waiters.contexts[0].current, null);
    for (const go of waiters.goOn.values()) go();
    await time.until(Promise.all(calls));
  });

  it("has a signal that stays open after the call", async () => {
    await using test = await start();
    const { cluster, time, waiters, nodes: [one], remotes: [remote] } = test;
    const call = quiet(one.call(remote, "stubborn", ["a"]));
    await cluster.pass(20);
    waiters.goOn.get("a")?.();
    const begun = time.runtime.now();
    await time.until(call);
    assertLess(time.runtime.now() - begun, 100);
    await time.until(one.close());
    await cluster.pass(10_000);
    assert(waiters.stubborn?.aborted === false);
  });
});
