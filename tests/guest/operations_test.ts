import { describe, it } from "@std/testing/bdd";
import { assert, assertEquals } from "@std/assert";
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
    line.result(run, { type: "agreed", token: 7, value: null });
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
