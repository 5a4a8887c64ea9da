import { describe, it } from "@std/testing/bdd";
import { assert, assertEquals, assertNotEquals } from "@std/assert";
import { registerId } from "../../lib/codec.ts";
import { MAX_UP_MESSAGES } from "../../lib/codec/guest_frame.ts";
import { encodeValue } from "../../lib/codec/value.ts";
import { observed, ScriptedGuest } from "./support/scripted_gateway.ts";

const bytes = (value: unknown) => encodeValue(value, 1e6);

describe("the connection of a guest (section 13)", () => {
  it("begins with hello and a renewal in one frame, for a gateway that it does not know", async () => {
    await using guest = new ScriptedGuest();
    guest.line.open();
    await guest.pass();
    assertEquals(guest.line.frames.length, 1);
    const [{ gateway, genesis, ticket, messages }] = guest.line.frames;
    assertEquals([gateway, genesis, ticket], [null, null, 0]);
    assertEquals(messages, [
      { type: "hello", ttl: 5_000, session: 0 },
      { type: "renew", session: 1, renewal: 1, ttl: 5_000 },
    ]);
  });

  it("is ready once a quorum has granted the session", async () => {
    await using guest = new ScriptedGuest();
    let isReady = false;
    guest.node.ready.then(() => isReady = true);
    guest.line.open();
    await guest.pass();
    const [, renew] = guest.line.said();
    guest.line.send([guest.line.welcome()]);
    await guest.pass();
    assert(!isReady && !guest.node.hasQuorum);
    guest.grant(guest.line, renew);
    await guest.pass();
    assert(isReady && guest.node.hasQuorum);
  });

  it("sends an operation with the newest ticket, and the gateway's life and genesis", async () => {
    await using guest = new ScriptedGuest();
    const line = await guest.serve();
    const put = observed(guest.node.kv.put("k", 1));
    await guest.pass();
    const [{ gateway, genesis, ticket }] = line.frames;
    assertEquals([gateway, genesis, ticket], [line.life, "g1", 2]);
    const run = line.run("put");
    assertEquals([run.again, run.since, run.timeout], [false, 1_001, 2_000]);
    line.result(run, { type: "agreed", token: 7, value: null });
    assertEquals(await guest.time.until(put), { ok: true, value: 1 });
  });

  it("gives each operation a counter of its own, above all that it has heard", async () => {
    await using guest = new ScriptedGuest();
    const line = await guest.serve();
    const puts = [1, 2].map((key) => observed(guest.node.kv.put(key, 1)));
    await guest.pass();
    const runs = line.runs();
    assertEquals(runs.map(({ since }) => since), [1_001, 1_002]);
    for (const run of runs) line.result(run, { type: "agreed", token: 7, value: null });
    for (const put of puts) assertEquals(await guest.time.until(put), { ok: true, value: 1 });
  });

  it("goes to the next server when a gateway is lost, in the same session", async () => {
    await using guest = new ScriptedGuest();
    const first = await guest.serve();
    let lost = 0;
    guest.node.addEventListener("sessionlost", () => lost++);
    first.end("lost");
    await guest.pass();
    assertEquals(guest.lines.length, 2);
    assertNotEquals(guest.line.server, first.server);
    guest.line.open();
    await guest.pass();
    const [{ genesis, messages }] = guest.line.frames;
    assertEquals(genesis, "g1");
    assertEquals(messages[0], { type: "hello", ttl: 5_000, session: 1 });
    assert(guest.node.hasQuorum);
    assertEquals(lost, 0);
  });

  it("counts a gateway as lost that is silent for a third of the time to live", async () => {
    await using guest = new ScriptedGuest();
    const line = await guest.serve();
    await guest.pass(1_200);
    assert(!line.isClosed);
    await guest.pass(600);
    assert(line.isClosed);
    assertEquals(guest.lines.length, 2);
  });

  it("goes to the next server when a gateway without a quorum grants no renewal", async () => {
    await using guest = new ScriptedGuest();
    const line = await guest.serve();
    // It is heard, and answers nothing else.
    const hear = async (duration: number) => {
      for (let past = 0; past < duration; past += 100) {
        line.send([]);
        await guest.pass(100);
      }
    };
    await hear(2_800);
    assert(!line.isClosed);
    await hear(300);
    assert(line.isClosed && guest.node.hasQuorum);
    assertEquals(guest.lines.length, 2);
  });

  it("looks for a quorum before it asks for the session after a lost one", async () => {
    await using guest = new ScriptedGuest();
    const line = await guest.serve();
    for (let past = 0; past < 4_800; past += 100) {
      line.send([]);
      await guest.pass(100);
    }
    assert(!guest.node.hasQuorum);
    guest.line.open();
    await guest.pass();
    guest.line.send([guest.line.welcome()]);
    await guest.pass();
    const said = guest.line.said();
    assertEquals(said.filter(({ type }) => type === "renew"), []);
    const look = said.find((message) =>
      message.type === "run" && message.operation.type === "session"
    );
    assert(look?.type === "run");
    guest.line.result(look, { type: "newest", session: null });
    await guest.pass();
    const [renew] = guest.line.said();
    assert(renew.type === "renew" && renew.session === 2);
  });

  it("ends with a frame that cannot be understood", async () => {
    await using guest = new ScriptedGuest();
    const line = await guest.serve();
    line.sendBytes(Uint8Array.of(1, 2, 3));
    assert(line.isClosed);
    assertEquals((await guest.time.until(guest.node.status())).frames.dropped, 1);
  });

  it("ends the session at once when the cluster has begun again", async () => {
    await using guest = new ScriptedGuest();
    const line = await guest.serve();
    const events: string[] = [];
    for (const type of ["sessionlost", "noquorum", "restart"]) {
      guest.node.addEventListener(type, () => events.push(type));
    }
    line.genesis = "g2";
    line.send([]);
    assertEquals(events, ["sessionlost", "noquorum", "restart"]);
    assert(!guest.node.hasQuorum);
    await guest.pass();
    guest.line.open();
    await guest.pass();
    const [{ genesis, messages }] = guest.line.frames;
    assertEquals(genesis, null);
    assertEquals(messages[0], { type: "hello", ttl: 5_000, session: 0 });
    assertEquals((messages[1] as { session: number }).session, 2);
  });

  it("closes when a later life of the guest has taken its place", async () => {
    await using guest = new ScriptedGuest();
    const line = await guest.serve();
    line.send([{ type: "bye", code: "replaced", message: "later" }]);
    const { reason } = await guest.time.until(guest.node.closed);
    assertEquals(reason?.code, "replaced");
    assertEquals(guest.lines.length, 1);
  });

  it("lists what is open: results of all other operations are no longer wanted", async () => {
    await using guest = new ScriptedGuest();
    const line = await guest.serve();
    const lock = observed(guest.node.lock("l"));
    lock.catch(() => {});
    const put = observed(guest.node.kv.put("k", 1));
    await guest.pass();
    const [first, second] = line.runs();
    line.result(second, { type: "agreed", token: 7, value: bytes(2) });
    assertEquals(await guest.time.until(put), { ok: true, value: 2 });
    guest.node.kv.get("k").catch(() => {});
    await guest.pass();
    const { done, open } = line.frames[line.frames.length - 1];
    assertEquals([done, open], [3, [first.number, 3]]);
  });

  it("sends no more in a frame than a gateway takes, however much came in one", async () => {
    await using guest = new ScriptedGuest();
    const line = await guest.serve();
    const bindings = [{ type: "ownPid", session: 1, seq: 7 }] as const;
    const put = {
      type: "handover",
      register: registerId("k", undefined, "a"),
      value: bytes(1),
      bindings,
      timeout: 100,
      since: 1,
    } as const;
    line.malformed = [];
    // They are bound to a process that has ended.
    line.send(Array.from({ length: 300 }, (_, id) => ({ ...put, id, op: `${line.life}/${id}` })));
    await guest.pass();
    assertEquals(line.malformed, []);
    assert(line.frames.every(({ messages }) => messages.length <= MAX_UP_MESSAGES));
    const answered = line.said().flatMap((said) => said.type === "handed" ? [said.id] : []);
    assertEquals(answered, Array.from({ length: 300 }, (_, id) => id));
    assert(!line.isClosed);
  });
});
