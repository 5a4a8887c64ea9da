import { describe, it } from "@std/testing/bdd";
import { assert, assertEquals } from "@std/assert";
import { assertCode } from "../support/expect.ts";
import { observed, ScriptedGuest } from "./support/scripted_gateway.ts";

/** A third of the time to live, and a twentieth of that: 5,000 / 3 / 0.95. */
const TURN_AWAY = 1_755;

describe("an operation of a guest (section 13)", () => {
  it("that was sent goes to another gateway only when the first works on it no more", async () => {
    await using guest = new ScriptedGuest();
    const first = await guest.serve();
    const put = observed(guest.node.kv.put("k", 1, { timeout: 10_000 }));
    await guest.pass();
    const run = first.run("put");
    first.end("lost");
    await guest.pass();
    const second = await guest.serve();
    assertEquals(second.runs(), []);
    await guest.keep(second, TURN_AWAY - 50);
    const early = await guest.keep(second, 0);
    assertEquals(early.filter(({ type }) => type === "run"), []);
    const late = await guest.keep(second, 100);
    const again = late.find(({ type }) => type === "run");
    assert(again?.type === "run");
    assertEquals([again.number, again.since, again.again], [run.number, run.since, true]);
    second.result(again, { type: "agreed", token: 7, value: null });
    assertEquals(await guest.time.until(put), { ok: true, value: 1 });
  });

  it("that was not sent goes to the next gateway at once", async () => {
    await using guest = new ScriptedGuest();
    const first = await guest.serve();
    first.end("lost");
    const put = observed(guest.node.kv.put("k", 1));
    await guest.pass();
    const second = await guest.serve();
    const run = second.run("put");
    assertEquals(run.again, false);
    second.result(run, { type: "agreed", token: 7, value: null });
    await guest.time.until(put);
  });

  it("that only reads goes to the next gateway at once", async () => {
    await using guest = new ScriptedGuest();
    const first = await guest.serve();
    const get = observed(guest.node.kv.get("k"));
    await guest.pass();
    first.run("read");
    first.end("lost");
    await guest.pass();
    const second = await guest.serve();
    second.result(second.run("read"), { type: "state", state: null });
    assertEquals(await guest.time.until(get), { ok: false, error: "not_found" });
  });

  it("goes to the same life of a gateway at once", async () => {
    await using guest = new ScriptedGuest({}, ["A"]);
    const first = await guest.serve();
    const put = observed(guest.node.kv.put("k", 1));
    await guest.pass();
    first.run("put");
    first.end("lost");
    await guest.pass(100);
    const second = await guest.serve();
    const run = second.run("put");
    assertEquals(run.again, true);
    second.result(run, { type: "agreed", token: 7, value: null });
    await guest.time.until(put);
  });

  it("whose ticket was too old is sent again", async () => {
    await using guest = new ScriptedGuest();
    const line = await guest.serve();
    const put = observed(guest.node.kv.put("k", 1));
    await guest.pass();
    line.failed(line.run("put"), "late");
    await guest.pass();
    const run = line.run("put");
    assertEquals(run.again, true);
    // Of what was done before, it says nothing then.
    line.failed(run, "not_begun");
    await guest.pass();
    const third = line.run("put");
    assertEquals(third.again, true);
    line.result(third, { type: "agreed", token: 7, value: null });
    assertEquals(await guest.time.until(put), { ok: true, value: 1 });
  });

  it("of a session whose deadline has passed is not sent again, though timers are late", async () => {
    await using guest = new ScriptedGuest();
    const line = await guest.serve();
    observed(guest.node.lock("k"));
    await guest.pass();
    const run = line.run("lock");
    guest.time.stall(10_000);
    line.failed(run, "late");
    await guest.pass();
    assertEquals(line.runs().map(({ operation }) => operation.type), ["end", "session"]);
  });

  it("that its only gateway has not begun goes there again as if for the first time", async () => {
    await using guest = new ScriptedGuest({}, ["A"]);
    let line = await guest.serve();
    const put = observed(guest.node.kv.put("k", 1));
    await guest.pass();
    line.failed(line.run("put"), "not_begun");
    await guest.pass();
    const second = line.run("put");
    assertEquals(second.again, false);
    line.failed(second, "not_begun");
    line.end("lost");
    await guest.pass(100);
    line = await guest.serve();
    const third = line.run("put");
    assertEquals(third.again, false);
    // No one answer says so of the third time.
    line.end("lost");
    await guest.pass(300);
    line = await guest.serve();
    const fourth = line.run("put");
    assertEquals(fourth.again, true);
    line.result(fourth, { type: "agreed", token: 7, value: null });
    assertEquals(await guest.time.until(put), { ok: true, value: 1 });
  });

  it("that a gateway has not begun comes to another one as sent before", async () => {
    await using guest = new ScriptedGuest();
    const first = await guest.serve();
    const put = observed(guest.node.kv.put("k", 1, { timeout: 10_000 }));
    await guest.pass();
    first.failed(first.run("put"), "not_begun");
    first.end("lost");
    await guest.pass();
    const second = await guest.serve();
    const said = await guest.keep(second, TURN_AWAY + 100);
    const again = said.find(({ type }) => type === "run");
    assert(again?.type === "run");
    assertEquals(again.again, true);
    second.failed(again, "not_begun");
    await guest.pass();
    const third = second.run("put");
    assertEquals(third.again, true);
    second.result(third, { type: "agreed", token: 7, value: null });
    assertEquals(await guest.time.until(put), { ok: true, value: 1 });
  });

  it("ignores the answers of a gateway that the guest has turned away from", async () => {
    await using guest = new ScriptedGuest();
    const first = await guest.serve();
    const put = observed(guest.node.kv.put("k", 1, { timeout: 10_000 }));
    let isOver = false;
    put.then(() => isOver = true, () => {});
    await guest.pass();
    const run = first.run("put");
    first.end("lost");
    await guest.pass();
    const second = await guest.serve();
    const said = await guest.keep(second, TURN_AWAY + 100);
    assert(said.some(({ type }) => type === "run"));
    first.result(run, { type: "agreed", token: 7, value: null });
    await guest.pass();
    assert(!isOver && !second.isClosed);
  });

  it("that times out is cancelled, and ends as no_quorum", async () => {
    await using guest = new ScriptedGuest();
    const line = await guest.serve();
    const put = observed(guest.node.kv.put("k", 1, { timeout: 300 }));
    await guest.pass();
    const run = line.run("put");
    const rest = observed(guest.keep(line, 400));
    const said = await guest.time.until(rest);
    assertEquals(await guest.time.until(put), { ok: false, error: "no_quorum" });
    assertEquals(said.filter(({ type }) => type === "cancel"), [
      { type: "cancel", number: run.number },
    ]);
  });

  it("that may go on for long has no time limit at its gateway, whose clock may be faster", async () => {
    await using guest = new ScriptedGuest();
    const line = await guest.serve();
    const lock = observed(guest.node.lock("l", { timeout: 1_000 }));
    const spec = { id: "s", start: () => ({ work: () => 1 }) };
    const call = observed(
      guest.node.call(guest.node.name("k", spec), "work", [], { timeout: 1_000 }),
    );
    await guest.pass(10);
    const [request, place] = line.runs();
    assertEquals([request.operation.type, place.operation.type], ["lock", "place"]);
    const session = `a/${"0".repeat(20)}/1`;
    line.result(place, { type: "at", pid: { session, seq: 1 }, token: 5 });
    await guest.pass(10);
    assertEquals([request.timeout, line.run("call").timeout], [0, 0]);
    for (const late of [lock, call] as Promise<unknown>[]) {
      const error = await guest.time.until(late).catch((error) => error);
      assertEquals((error as Error).name, "TimeoutError");
    }
  });

  it("shows newer tickets while it is under way", async () => {
    await using guest = new ScriptedGuest();
    const line = await guest.serve();
    const put = observed(guest.node.kv.put("k", 1));
    await guest.pass();
    const run = line.run("put");
    line.send([]);
    await guest.pass();
    assertEquals(line.frames.map(({ ticket }) => ticket), [3]);
    line.result(run, { type: "agreed", token: 7, value: null });
    await guest.time.until(put);
    line.frames.splice(0);
    line.send([]);
    await guest.pass();
    assertEquals(line.frames, []);
  });

  it("that another gateway refuses may have taken effect at the first one", async () => {
    for (const code of ["queue_full", "unauthorized", "TypeError", "full"]) {
      await using guest = new ScriptedGuest();
      const first = await guest.serve();
      const options = { timeout: 10_000, noQuorum: "retry" } as const;
      const put = observed(guest.node.kv.put("k", 1, options));
      const refused = observed(guest.node.kv.put("j", 1, options));
      await guest.pass();
      const [one, two] = first.runs();
      first.failed(two, "queue_full");
      await assertCode(guest.time.until(refused), "queue_full");
      first.end("lost");
      await guest.pass();
      const second = await guest.serve();
      const said = await guest.keep(second, TURN_AWAY + 100);
      const again = said.find(({ type }) => type === "run");
      assert(again?.type === "run" && again.number === one.number);
      second.failed(again, code);
      await assertCode(guest.time.until(put), "outcome_unknown");
    }
  });

  it("of a process that its gateway refuses when it comes again is released", async () => {
    await using guest = new ScriptedGuest({}, ["A"]);
    const first = await guest.serve();
    const process = guest.node.spawn();
    const put = observed(process.kv.put("k", 1, { pid: process }));
    await guest.pass();
    first.run("put");
    // The gateway may forget what it did for the guest, after an accept has left.
    first.end("lost");
    await guest.pass(100);
    const second = await guest.serve();
    second.failed(second.run("put"), "unauthorized");
    assertEquals(await guest.time.until(put), { ok: false, error: "no_quorum" });
    const exit = observed(process.exit());
    await guest.pass();
    const release = second.run("release");
    assertEquals(release.operation.unsure, true);
    second.result(release, { type: "done" });
    await guest.time.until(exit);
  });

  it("that releases what an unknown put may have written cancels that, and writes", async () => {
    await using guest = new ScriptedGuest();
    const line = await guest.serve();
    const process = guest.node.spawn();
    process.kv.put("k", 1, { pid: process }).catch(() => {});
    await guest.pass();
    const run = line.run("put");
    assertEquals(run.operation.bindings, [{ type: "ownPid", session: 1, seq: 1 }]);
    const exit = observed(process.exit());
    await guest.pass();
    const said = line.said();
    assertEquals(said.map(({ type }) => type), ["cancel", "cancel", "run"]);
    const release = said[2];
    assert(release.type === "run" && release.operation.type === "release");
    const { session, seq, unsure } = release.operation;
    assertEquals([session, seq, unsure], [1, 1, true]);
    line.result(release, { type: "done" });
    await guest.time.until(exit);
  });

  it("of a process is released if it was sent before the process ended, and else never sent", async () => {
    await using guest = new ScriptedGuest();
    const line = await guest.serve();
    let sent = 0;
    // Each exit is one step later than the one before, so it meets the put at every stage.
    for (let steps = 0; steps < 20; steps++) {
      const process = guest.node.spawn();
      const put = observed(guest.node.kv.put(steps, 1, { pid: process }));
      for (let step = 0; step < steps; step++) await Promise.resolve();
      const exit = observed(process.exit());
      await guest.pass();
      const runs = line.runs();
      const types = runs.map(({ operation }) => operation.type);
      assertEquals(types, runs.length === 0 ? [] : ["put", "release"]);
      if (runs.length > 0) {
        sent++;
        line.result(runs[1], { type: "done" });
      }
      assert(!(await guest.time.until(put)).ok);
      await guest.time.until(exit);
    }
    assert(sent > 0 && sent < 20);
  });

  it("that releases a put which another gateway may have waits for that one", async () => {
    await using guest = new ScriptedGuest();
    const first = await guest.serve();
    const process = guest.node.spawn();
    process.kv.put("k", 1, { pid: process, timeout: 10_000 }).catch(() => {});
    await guest.pass();
    first.run("put");
    first.end("lost");
    await guest.pass();
    const second = await guest.serve();
    const exit = observed(process.exit());
    exit.catch(() => {});
    const early = await guest.keep(second, TURN_AWAY - 50);
    assertEquals(early.filter(({ type }) => type === "run"), []);
    const late = await guest.keep(second, 100);
    const release = late.find(({ type }) => type === "run");
    assert(release?.type === "run" && release.operation.type === "release");
    assertEquals(release.operation.unsure, true);
    second.result(release, { type: "done" });
    await guest.time.until(exit);
  });
});
