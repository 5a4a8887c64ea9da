// Runs in Deno alone: virtual time, so the outcome does not depend on the runtime.
import { assert, assertEquals } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import { encodeValue, registerId } from "../../lib/codec.ts";
import type { GuestOperation } from "../../lib/codec/guest_messages.ts";
import { REGISTER_KINDS } from "../../lib/paxos/register.ts";
import type { TraceEvent } from "../../mod.ts";
import { ScriptedGuest, UNLABELED } from "../support/scripted_guest.ts";
import { VirtualCluster } from "../support/virtual_cluster.ts";

const VALUE = encodeValue("x", 100);
const [KEY, CELL, LOCK] = [REGISTER_KINDS.key, REGISTER_KINDS.cell, REGISTER_KINDS.lock]
  .map((kind) => registerId(kind, undefined, "k"));

/** Operations that change nothing, since there is a value, or an owner. */
const OPERATIONS: Readonly<Record<string, GuestOperation>> = {
  "a put that finds a value": { type: "put", register: KEY, value: VALUE, bindings: [] },
  "a change of a cell that finds another token": {
    ...{ type: "cell", register: CELL, over: 0, value: VALUE },
  },
  "a request for a lock that is taken": {
    ...{ type: "lock", register: LOCK, session: 1, seq: 1, mode: "exclusive" },
    ...{ ifAvailable: true, steal: false, ...UNLABELED },
  },
};

describe("an operation of a guest that changes nothing (section 13)", () => {
  for (const [what, operation] of Object.entries(OPERATIONS)) {
    it(`${what} writes that, if another gateway may have run it before`, async () => {
      const chosen: boolean[] = [];
      const trace = (event: TraceEvent) => {
        if (event.type === "proposal.chosen") chosen.push(event.written);
      };
      await using cluster = await VirtualCluster.start(3, { clients: true, guests: {}, trace });
      await cluster.pass(10_000);
      const owner = cluster.node("n2").spawn();
      const done = Promise.all([
        owner.kv.put("k", 1, { pid: owner }),
        owner.lock("k"),
        cluster.node("n2").cell("k").set(1),
      ]);
      await cluster.pass(5_000);
      await done;
      const guest = new ScriptedGuest(cluster);
      const connection = await guest.connect("n1");
      await guest.renew(connection);
      const written = [];
      for (const again of [false, true]) {
        chosen.length = 0;
        await guest.do(connection, operation, { again });
        written.push(chosen.includes(true));
      }
      assertEquals(written, [false, true]);
    });
  }
});

describe("a put of a guest that is bound to its session (section 4)", () => {
  for (const what of ["a value that others can end", "a value for ever"]) {
    it(`is unknown to a second gateway, once ${what} has replaced that of the session, which has ended`, async () => {
      await using cluster = await VirtualCluster.start(3, { clients: true, guests: {} });
      await cluster.pass(10_000);
      const guest = new ScriptedGuest(cluster);
      const first = await guest.connect("n1");
      await guest.renew(first);
      const since = guest.clock;
      const bindings = [{ type: "own", session: 1 }] as const;
      const put = { type: "put", register: KEY, value: VALUE, bindings } as const;
      const number = first.run(put, { since });
      await cluster.pass(100);
      // No renewal: the session ends.
      await cluster.pass(6_000);
      const other = cluster.node("n2").spawn();
      const { kv } = other;
      assertEquals(await cluster.time.until(kv.get("k")), { ok: false, error: "not_found" });
      const bound = what === "a value for ever" ? {} : { pid: other };
      assertEquals(await cluster.time.until(kv.put("k", 2, bound)), { ok: true, value: 2 });
      first.break();
      const second = await guest.connect("n2");
      const outcome = await guest.do(second, put, { number, since, again: true });
      assertEquals(outcome, { type: "unknown" });
    });
  }
});

describe("what changed nothing at one gateway, and something at the next one (section 13)", () => {
  const OTHER = registerId(REGISTER_KINDS.key, undefined, "other");
  const put: GuestOperation = {
    ...{ type: "put", register: KEY, value: VALUE },
    bindings: [{ type: "key", register: OTHER }],
  };
  const lock = OPERATIONS["a request for a lock that is taken"];
  for (
    const [what, operation, before] of [["a put", put, "invalid"], [
      "a lock",
      lock,
      "refused",
    ]] as const
  ) {
    it(`${what} is not told the old outcome by the first one`, async () => {
      await using cluster = await VirtualCluster.start(3, { clients: true, guests: {} });
      await cluster.pass(10_000);
      const { time } = cluster;
      const n3 = cluster.node("n3");
      const owned = await time.until(n3.lock("k"));
      const guest = new ScriptedGuest(cluster);
      const first = await guest.connect("n1");
      await guest.renew(first);
      const since = guest.clock;
      const number = first.run(operation, { since });
      await cluster.pass(100);
      const told = await guest.do(first, operation, { number, since, again: true });
      assertEquals((told as { type: string }).type, before);
      first.break();
      await time.until(n3.kv.put("other", 1));
      await time.until(owned.release());
      const second = await guest.connect("n2");
      await guest.renew(second);
      const done = await guest.do(second, operation, { number, since, again: true });
      second.break();
      const third = await guest.connect("n1");
      await guest.renew(third);
      const again = await guest.do(third, operation, { number, since, again: true });
      // The lock may be told with another ballot at which it was seen.
      const [{ type, token }, there] = [again, done] as { type: string; token?: number }[];
      assertEquals([type, token], [there.type, there.token]);
      assert(["agreed", "granted"].includes(type), type);
    });
  }
});

describe("an operation that comes back to a gateway where it is under way (section 13)", () => {
  it("is sent once more, rather than told that nothing was done", async () => {
    await using cluster = await VirtualCluster.start(3, { clients: true, guests: {} });
    await cluster.pass(10_000);
    const put: GuestOperation = {
      ...{ type: "put", register: KEY, value: VALUE },
      bindings: [{ type: "key", register: registerId(REGISTER_KINDS.key, undefined, "none") }],
    };
    const guest = new ScriptedGuest(cluster);
    const first = await guest.connect("n1");
    await guest.renew(first);
    const since = guest.clock;
    cluster.isolate("n1");
    const number = first.run(put, { since });
    await cluster.pass(20);
    const done = guest.do(first, put, { number, since, again: true });
    await cluster.pass(20);
    cluster.heal();
    assertEquals(await done, "late");
  });
});
