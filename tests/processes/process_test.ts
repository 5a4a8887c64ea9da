import {
  assert,
  assertEquals,
  assertInstanceOf,
  assertStrictEquals,
  assertThrows,
} from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import { type Process, SynodError } from "../../mod.ts";
import { startCluster } from "../support/real_cluster.ts";
import { countedSignal } from "../support/counted_signal.ts";
import { assertCode, assertInvalid, reasonOf, valueOf } from "../support/expect.ts";
import { VirtualCluster } from "../support/virtual_cluster.ts";
import { collectEvents, eventually, nextEvent, turn, within } from "../support/wait.ts";

describe("a process", () => {
  it("has a pid that no other process has, of its node and session", async () => {
    await using cluster = await startCluster(2);
    const [first, second] = cluster.nodes;
    const processes = [first.spawn(), first.spawn(), second.spawn()];
    const pids = processes.map(({ pid }) => pid);
    assertEquals(new Set(pids.map(({ session, seq }) => `${session}/${seq}`)).size, 3);
    assertEquals(pids.map(({ node }) => node), ["n1", "n1", "n2"]);
    assertEquals(pids[0].session, (await first.status()).session?.id);
    assertEquals(pids[1].session, pids[0].session);
    await Promise.all(processes.map((process) => process.exit()));
  });

  it("has a pid that is plain, immutable data", async () => {
    await using cluster = await startCluster(1);
    await using process = cluster.nodes[0].spawn();
    assertEquals(Object.keys(process.pid).sort(), ["node", "seq", "session"]);
    assertThrows(() => Object.assign(process.pid, { seq: 7 }), TypeError);
  });

  it("resolves to the result of its function, and then ends", async () => {
    await using cluster = await startCluster(1);
    const process = cluster.nodes[0].spawn(async (self) => {
      assertEquals(self.signal.aborted, false);
      await turn();
      return { answer: 42 };
    });
    const result: { answer: number } = await process.result;
    assertEquals(result, { answer: 42 });
    assertEquals(await process.exited, { reason: undefined });
    assertEquals(process.signal.aborted, true);
    assertEquals((await cluster.nodes[0].status()).owned.processes, 0);
  });

  it("resolves to the result of a function that is not async", async () => {
    await using cluster = await startCluster(1);
    assertEquals(await cluster.nodes[0].spawn(() => 42).result, 42);
  });

  it("calls its function in a later turn, with itself", async () => {
    await using cluster = await startCluster(1);
    let self: Process<unknown> | undefined;
    const process = cluster.nodes[0].spawn((given) => {
      self = given;
    });
    assertEquals(self, undefined);
    await process.result;
    assertStrictEquals(self as unknown, process);
  });

  it("rejects with the error of its function, which is the reason of its end", async () => {
    await using cluster = await startCluster(1);
    const error = new Error("it failed");
    for (
      const fn of [() => Promise.reject(error), () => {
        throw error;
      }]
    ) {
      const process = cluster.nodes[0].spawn(fn);
      assertStrictEquals(await reasonOf(process.result), error);
      assertStrictEquals((await process.exited).reason, error);
      assertStrictEquals(process.signal.reason, error);
    }
  });

  it("ends by exit with a reason, with which its result rejects and its signal aborts", async () => {
    await using cluster = await startCluster(1);
    const process = cluster.nodes[0].spawn(() => new Promise(() => {}));
    const reason = new Error("enough");
    await process.exit(reason);
    assertStrictEquals(await reasonOf(process.result), reason);
    assertStrictEquals((await process.exited).reason, reason);
    assertStrictEquals(process.signal.reason, reason);
  });

  it("ends by exit without a reason: its result rejects with the code `exited`", async () => {
    await using cluster = await startCluster(1);
    const process = cluster.nodes[0].spawn();
    await process.exit();
    await assertCode(process.result, "exited");
    assertEquals((await process.exited).reason, undefined);
    assertInstanceOf(process.signal.reason, SynodError);
  });

  it("may exit from inside its function", async () => {
    await using cluster = await startCluster(1);
    const process = cluster.nodes[0].spawn(async (self) => {
      await self.exit("from inside");
      return "too late";
    });
    assertEquals(await reasonOf(process.result), "from inside");
    assertEquals((await process.exited).reason, "from inside");
  });

  it("ends once: a second exit, or a function that goes on, changes nothing", async () => {
    await using cluster = await startCluster(1);
    const [node] = cluster.nodes;
    const errors = collectEvents(node, "processerror");
    const process = node.spawn(async (self) => {
      await new Promise((resolve) => self.signal.addEventListener("abort", resolve));
      throw new Error("it was told to end");
    });
    const { result } = process;
    await Promise.all([process.exit("first"), process.exit("second")]);
    await process.exit("third");
    assertEquals(await reasonOf(result), "first");
    assertEquals((await process.exited).reason, "first");
    await turn(5);
    assertEquals(errors, []);
  });

  it("does not call its function if it has ended before", async () => {
    await using cluster = await startCluster(1);
    let called = false;
    const process = cluster.nodes[0].spawn(() => {
      called = true;
    });
    await process.exit();
    await turn();
    assertEquals(called, false);
  });

  it("without a function runs until exit, or until the end of its block with `await using`", async () => {
    await using cluster = await startCluster(1);
    const [node] = cluster.nodes;
    let kept: Process;
    {
      await using process = node.spawn();
      kept = process;
      await node.kv.put("k", 1, { pid: process });
      assertEquals((await node.status()).owned.processes, 1);
    }
    assertEquals(kept.signal.aborted, true);
    assertEquals(await node.kv.get("k"), { ok: false, error: "not_found" });
    assertEquals((await node.status()).owned.processes, 0);
  });

  it("ends with the signal it was spawned with, and its reason", async () => {
    await using cluster = await startCluster(1);
    const controller = new AbortController();
    const { signal } = controller;
    const process = cluster.nodes[0].spawn(() => new Promise(() => {}), { signal });
    controller.abort("enough");
    assertEquals(await within(process.exited, "the end"), { reason: "enough" });
    assertEquals(await reasonOf(process.result), "enough");
  });

  it("has ended, and never runs, if its signal was aborted before", async () => {
    await using cluster = await startCluster(1);
    const [node] = cluster.nodes;
    let called = false;
    const process = node.spawn(() => void (called = true), { signal: AbortSignal.abort("no") });
    assertEquals(process.signal.aborted, true);
    assertEquals(await reasonOf(process.result), "no");
    assertInvalid(await node.kv.put("k", 1, { pid: process }), /^pid n1\/.* has ended$/);
    assertEquals((await node.status()).owned.processes, 0);
    assertEquals(called, false);
  });

  it("keeps no listener on its signal once it has ended", async () => {
    await using cluster = await startCluster(1);
    const { signal, listeners } = countedSignal();
    const processes = Array.from(
      { length: 5 },
      () => cluster.nodes[0].spawn(undefined, { signal }),
    );
    assertEquals(listeners(), 1);
    await Promise.all(processes.slice(1).map((process) => process.exit()));
    assertEquals(listeners(), 1);
    await processes[0].exit();
    assertEquals(listeners(), 0);
  });

  it("aborts its operations on kv with its reason", async () => {
    await using cluster = await startCluster(3);
    const [node] = cluster.nodes;
    cluster.isolate("n2", "n3");
    const process = node.spawn();
    const pending = [
      process.kv.get("k", { noQuorum: "retry" }),
      process.kv.put("k", 1, { noQuorum: "retry", signal: new AbortController().signal }),
      process.kv.keys(undefined, { noQuorum: "retry" }),
    ].map(reasonOf);
    cluster.heal();
    cluster.isolate("n2", "n3");
    void process.exit("over");
    assertEquals(await Promise.all(pending), ["over", "over", "over"]);
    assertEquals(await reasonOf(process.kv.get("k")), "over");
  });

  it("lets a user's own signal abort its operations on kv", async () => {
    await using cluster = await startCluster(3);
    await using process = cluster.nodes[0].spawn();
    cluster.isolate("n2", "n3");
    const controller = new AbortController();
    const pending = reasonOf(
      process.kv.get("k", { noQuorum: "retry", signal: controller.signal }),
    );
    controller.abort("this one only");
    assertEquals(await pending, "this one only");
    cluster.heal();
    assertEquals((await process.kv.put("k", 1)).ok, true);
  });

  it("may have any number of concurrent operations", async () => {
    await using cluster = await startCluster(1);
    await using process = cluster.nodes[0].spawn();
    const keys = Array.from({ length: 100 }, (_, key) => key);
    const claims = await Promise.all(
      keys.map((key) => process.kv.claim(key, key, { pid: process })),
    );
    assert(claims.every((claim) => valueOf(claim).mine));
    await process.exit();
    assertEquals(await cluster.nodes[0].kv.keys(), []);
  });
});

describe("exit", () => {
  it("returns after the node's timeout when there is no quorum to release with", async () => {
    await using cluster = await startCluster(3, { timeout: 100 });
    const [first, second] = cluster.nodes;
    const process = first.spawn();
    await first.kv.put("k", 1, { pid: process, noQuorum: "retry" });
    cluster.isolate("n1");
    await within(process.exit(), "exit");
    assertEquals(await second.kv.get("k", { noQuorum: "retry" }), { ok: true, value: 1 });
    cluster.heal();
    // It goes on trying, also after exit has returned.
    for await (const change of second.kv.watch("k")) if (!change.present) break;
  });

  it("never rejects, for any result of the function", async () => {
    await using cluster = await startCluster(1);
    const process = cluster.nodes[0].spawn(() => Promise.reject(new Error("it failed")));
    process.result.catch(() => {});
    await process.exit(new Error("and so"));
    await process.exit();
  });
});

describe("a process error", () => {
  it("is an event of the node if the result is not observed", async () => {
    await using cluster = await startCluster(1);
    const [node] = cluster.nodes;
    const event = nextEvent(node, "processerror");
    const error = new Error("it failed");
    const process = node.spawn(() => Promise.reject(error));
    assertEquals((await event).detail, { pid: process.pid, error });
  });

  it("is not an event if the result is observed", async () => {
    await using cluster = await startCluster(1);
    const [node] = cluster.nodes;
    const errors = collectEvents(node, "processerror");
    await reasonOf(node.spawn(() => Promise.reject(new Error("awaited"))).result);
    const process = node.spawn(async () => {
      await turn();
      throw new Error("looked at before");
    });
    const { result } = process;
    await process.exited;
    await turn();
    await reasonOf(result);
    assertEquals(errors, []);
  });

  it("is not an event after an exit without a reason, or when the node closes", async () => {
    await using cluster = await startCluster(1);
    const [node] = cluster.nodes;
    const errors = collectEvents(node, "processerror");
    const never = () => new Promise(() => {});
    await node.spawn(never).exit();
    {
      await using _process = node.spawn(never);
    }
    const aborter = new AbortController();
    node.spawn(never, { signal: aborter.signal });
    aborter.abort();
    node.spawn(never, { signal: AbortSignal.abort() });
    node.spawn(never);
    node.spawn();
    await node.close();
    await turn();
    assertEquals(errors, []);
  });

  it("is an event after an exit with a reason, which is the error", async () => {
    await using cluster = await startCluster(1);
    const [node] = cluster.nodes;
    const errors = collectEvents(node, "processerror");
    const never = () => new Promise(() => {});
    const aborter = new AbortController();
    const processes = [
      node.spawn(never),
      node.spawn(),
      node.spawn(async (self) => void await self.exit("from inside")),
      node.spawn(never, { signal: aborter.signal }),
      node.spawn(never, { signal: AbortSignal.abort("too late") }),
    ];
    const reason = new Error("broken");
    await processes[0].exit(reason);
    await processes[1].exit("no need");
    aborter.abort("enough");
    await within(Promise.all(processes.map(({ exited }) => exited)), "their ends");
    await eventually(() => errors.length === processes.length, "all the events");
    const told = new Map(errors.map(({ detail }) => [detail.pid.seq, detail.error]));
    assertEquals(
      processes.map(({ pid }) => told.get(pid.seq)),
      [reason, "no need", "from inside", "enough", "too late"],
    );
  });

  it("is an event when the session is lost", async () => {
    await using cluster = await VirtualCluster.start(3, { sessionTtl: 1_000 });
    const [node] = cluster.nodes;
    const errors = collectEvents(node, "processerror");
    const process = node.spawn(() => new Promise(() => {}));
    const watched = node.spawn(() => new Promise(() => {}));
    watched.result.catch(() => {});
    cluster.isolate("n1");
    await cluster.pass(2_000);
    assertEquals(errors.map(({ detail }) => detail.pid), [process.pid]);
    assertEquals((errors[0].detail.error as SynodError).code, "session_lost");
  });

  it("is not an event if the caller of exit observes the result afterwards", async () => {
    await using cluster = await startCluster(1);
    const [node] = cluster.nodes;
    const errors = collectEvents(node, "processerror");
    const process = node.spawn(() => new Promise(() => {}));
    await process.exit("enough");
    assertEquals(await reasonOf(process.result), "enough");
    await turn();
    assertEquals(errors, []);
  });
});

describe("spawn", () => {
  it("works before the node is ready: the puts of the process wait for the session", async () => {
    await using cluster = await startCluster(1);
    const members = ["late", "later"];
    const late = await cluster.join("late", { members });
    const process = late.spawn((self) => self.kv.put("k", 1, { pid: self, noQuorum: "retry" }));
    const holder = late.spawn();
    const put = late.kv.put("held", 1, { pid: holder, noQuorum: "retry" });
    const later = await cluster.join("later", { members });
    assertEquals(await process.result, { ok: true, value: 1 });
    assertEquals(await put, { ok: true, value: 1 });
    assertEquals(await later.kv.pid("held"), { ok: true, value: holder.pid });
    assertEquals(holder.pid.session, (await late.status()).session?.id);
    await holder.exit();
  });

  it("refuses a value that is not a function, and invalid options", async () => {
    await using cluster = await startCluster(1);
    const [node] = cluster.nodes;
    // deno-lint-ignore no-explicit-any -- what no program with types would pass
    const spawn = node.spawn.bind(node) as (...args: any[]) => unknown;
    for (const fn of [null, 1, "fn", {}]) assertThrows(() => spawn(fn), TypeError, "fn");
    for (const signal of [null, {}, new AbortController()]) {
      assertThrows(() => spawn(() => {}, { signal }), TypeError, "signal");
    }
    assertEquals((await node.status()).owned.processes, 0);
  });

  it("throws closed if the node is closed", async () => {
    await using cluster = await startCluster(1);
    const [node] = cluster.nodes;
    await node.close();
    const error = assertThrows(() => node.spawn(), SynodError);
    assertEquals(error.code, "closed");
  });
});
