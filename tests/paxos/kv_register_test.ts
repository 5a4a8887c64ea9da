import { describe, it } from "@std/testing/bdd";
import { assert, assertEquals } from "@std/assert";
import {
  endedByOthers,
  identity,
  ownersOf,
  type Put,
  putChange,
  releaseChange,
  samePid,
  sealChange,
  sealEndedChange,
} from "../../lib/paxos/kv_register.ts";
import type { Cause } from "../../lib/paxos/endings.ts";
import type { Binding, Pid, State } from "../../lib/paxos/register.ts";
import { ballot, value } from "./support/acceptor_script.ts";
import { bytes } from "./support/changes.ts";
import { Cluster } from "./support/acceptors.ts";

const pid = (session: string, seq = 1): Pid => ({ node: session.split("/")[0], session, seq });
const bindTo = {
  pid: (session: string, seq = 1): Binding => ({ kind: "pid", pid: pid(session, seq) }),
  node: (session: string): Binding => ({ kind: "node", session }),
  key: (token = 1): Binding => ({ kind: "key", register: "k0", token }),
  until: (time = 1): Binding => ({ kind: "until", time }),
};

function makePut(options: Partial<Put> = {}): Put {
  return {
    op: "op mine",
    value: bytes("mine"),
    bindings: [],
    owners: [],
    endedByOthers: false,
    ...options,
  };
}

const none = new Set<number>();
const always = () => true;
const never = () => false;
const absentAt = (token: number): State => ({ present: false, token });
const otherAt = (token: number, over = 0): State => ({ ...value("other", token), over } as State);
const mineAt = (token: number): State => ({ ...value("mine", token), op: "op mine" } as State);

/** The decision of the change: `write`, or the result of the put. */
function decide(
  put: Put,
  state: State | null,
  { floor = 0, ended = none as ReadonlySet<number>, mayWrite = always, at = "90p" } = {},
): string {
  const token = state?.token ?? floor;
  const decision = putChange(put, ended, mayWrite)({ state, token, ballot: ballot(at) });
  const { draft, result } = decision;
  if (draft !== null) {
    assertEquals(draft, {
      present: true,
      op: put.op,
      value: put.value,
      bindings: put.bindings,
      owners: put.owners,
    });
    assertEquals(result, { kind: "written", token: ballot(at).counter });
    return "write";
  }
  if (result.kind === "written") return `written ${result.token}`;
  if (result.kind === "found") return `found ${result.state.token}`;
  return result.kind;
}

describe("putChange(): the first attempt", () => {
  it("writes if the register is absent or was never written", () => {
    assertEquals(decide(makePut(), null), "write");
    assertEquals(decide(makePut(), null, { floor: 50 }), "write");
    assertEquals(decide(makePut(), absentAt(7)), "write");
  });

  it("otherwise returns the present state", () => {
    assertEquals(decide(makePut(), otherAt(7)), "found 7");
  });

  it("treats only a state with a binding that is known to have ended as absent", () => {
    assertEquals(decide(makePut(), otherAt(7), { ended: new Set([7]) }), "write");
    assertEquals(decide(makePut(), otherAt(8), { ended: new Set([7]) }), "found 8");
  });

  it("writes the given value, bindings and owners", () => {
    const bindings = [bindTo.node("n/1/1"), bindTo.until(5)];
    assertEquals(decide(makePut({ bindings, owners: ["n/1/1"] }), null), "write");
  });

  it("does not write when a local binding has ended meanwhile", () => {
    for (const state of [null, absentAt(7)]) {
      assertEquals(decide(makePut(), state, { mayWrite: never }), "lapsed");
    }
    assertEquals(decide(makePut(), otherAt(7), { mayWrite: never, ended: new Set([7]) }), "lapsed");
    // A present state is still a result.
    assertEquals(decide(makePut(), otherAt(7), { mayWrite: never }), "found 7");
    assertEquals(decide(makePut(), mineAt(7), { mayWrite: never }), "written 7");
  });

  it("has no side effects: decides the same each time it runs", () => {
    const put = makePut({ endedByOthers: true, firstAccept: 5 });
    const change = putChange(put, none, always);
    for (const state of [null, absentAt(3), absentAt(9), otherAt(7), mineAt(7)]) {
      const current = { state, token: state?.token ?? 0, ballot: ballot("90p") };
      assertEquals(change(current), change(current));
    }
    assertEquals(put.firstAccept, 5);
  });
});

describe("putChange(): a retried put tests in this order", () => {
  const tried = makePut({ endedByOthers: true, firstAccept: 10 });

  it("1. its own op is present: success, with the token of that write", () => {
    assertEquals(decide(tried, mineAt(10)), "written 10");
    // Regardless of the later tests.
    const state = { ...mineAt(12), over: 11 } as State;
    assertEquals(decide(tried, state), "written 12");
    assertEquals(decide(tried, state, { ended: new Set([12]), mayWrite: never }), "written 12");
  });

  it("1. by the op alone: another writer's equal value is not its own", () => {
    const twin = { ...mineAt(7), op: "op of another" } as State;
    assertEquals(decide(makePut(), twin), "found 7");
  });

  it("2. absent or none at or above its first accept: may have been chosen and released, so unknown", () => {
    assertEquals(decide(tried, absentAt(10)), "unknown");
    assertEquals(decide(tried, absentAt(11)), "unknown");
    assertEquals(decide(tried, null, { floor: 10 }), "unknown");
    assertEquals(decide(tried, null, { floor: 11 }), "unknown");
  });

  it("2. below it, its write cannot have been chosen: it writes again", () => {
    assertEquals(decide(tried, absentAt(9)), "write");
    assertEquals(decide(tried, null, { floor: 9 }), "write");
  });

  it("2. another value that replaced something at or above its first accept: unknown", () => {
    assertEquals(decide(tried, otherAt(12, 10)), "unknown");
    assertEquals(decide(tried, otherAt(12, 11)), "unknown");
  });

  it("2. a lower `over` proves that it was never chosen: it returns the winner's value", () => {
    assertEquals(decide(tried, otherAt(12, 9)), "found 12");
    assertEquals(decide(tried, otherAt(8, 3)), "found 8");
  });

  it("2. comes before 3 and before writing: a value that has ended does not change it", () => {
    assertEquals(decide(tried, otherAt(12, 10), { ended: new Set([12]) }), "unknown");
    assertEquals(decide(tried, otherAt(12, 9), { ended: new Set([12]) }), "write");
    assertEquals(decide(tried, absentAt(11), { mayWrite: never }), "unknown");
  });

  it("2. applies only to values that others can end: its own node would know", () => {
    const own = makePut({ endedByOthers: false, firstAccept: 10 });
    assertEquals(decide(own, absentAt(11)), "write");
    assertEquals(decide(own, otherAt(12, 11)), "found 12");
  });

  it("2. also applies once its own node must not write any more: others may have sealed it since", () => {
    const own = makePut({ endedByOthers: false, firstAccept: 10 });
    assertEquals(decide(own, absentAt(11), { mayWrite: never }), "unknown");
    assertEquals(decide(own, otherAt(12, 11), { mayWrite: never }), "unknown");
    assertEquals(decide(own, absentAt(9), { mayWrite: never }), "lapsed");
    assertEquals(decide(own, otherAt(12, 9), { mayWrite: never }), "found 12");
  });

  it("2. applies only to puts that have sent an accept", () => {
    const first = makePut({ endedByOthers: true });
    assertEquals(decide(first, absentAt(11)), "write");
    assertEquals(decide(first, otherAt(12, 11)), "found 12");
  });

  it("3. another value is present: it returns that, otherwise it writes", () => {
    assertEquals(decide(tried, otherAt(12, 4)), "found 12");
    assertEquals(decide(tried, absentAt(4)), "write");
  });
});

describe("putChange() in a cluster", () => {
  it("a write that was chosen and released is never reported as failed, nor repeated", () => {
    // The acceptors accept p's write, but p receives no reply; q ends the value; p tries again.
    const cluster = new Cluster();
    const put = makePut({ endedByOthers: true, bindings: [bindTo.until(5)] });
    const p = cluster.proposer("p", putChange(put, none, always), {
      writing: ({ counter }) => put.firstAccept ??= counter,
    });
    p.start().ask("a", "b").send("a", "b").lose("a").lose("b");
    const q = cluster.proposer("q", sealChange(1));
    q.clock.observe(1);
    assertEquals(q.run("b", "c").state, { present: false, token: 2 });
    p.clock.observe(2);
    assertEquals(p.run("a", "b").result, { kind: "unknown" });
    assertEquals(cluster.reader("r").ask("b", "c").outcome?.sure, false);
    const r = cluster.proposer("r", identity);
    r.clock.observe(9);
    assertEquals(r.run("b", "c").state, { present: false, token: 2 });
  });

  it("the same when another value came after it", () => {
    const cluster = new Cluster();
    const put = makePut({ endedByOthers: true, bindings: [bindTo.until(5)] });
    const p = cluster.proposer("p", putChange(put, none, always), {
      writing: ({ counter }) => put.firstAccept ??= counter,
    });
    p.start().ask("a", "b").send("a", "b").lose("a").lose("b");
    // q finds p's value ended, and directly overwrites it with its own.
    const q = cluster.proposer("q", putChange(makePut({ op: "op q" }), new Set([1]), always));
    q.clock.observe(1);
    const { state } = q.run("b", "c");
    assert(state?.present);
    assertEquals([state.token, state.over], [2, 1]);
    p.clock.observe(2);
    assertEquals(p.run("a", "b").result, { kind: "unknown" });
  });

  it("the loser of an ordinary race receives the winner's value", () => {
    const cluster = new Cluster();
    const put = makePut({ endedByOthers: true, bindings: [bindTo.until(5)] });
    const p = cluster.proposer("p", putChange(put, none, always), {
      writing: ({ counter }) => put.firstAccept ??= counter,
    });
    p.start().ask("a", "b");
    const q = cluster.proposer("q", putChange(makePut({ op: "op q" }), none, always));
    q.start().ask("b", "c").ask("b", "c");
    p.ask("a", "b", "c");
    assertEquals([p.last, put.firstAccept], ["retry", 1]);
    const { result } = p.run("b", "c");
    assert(result.kind === "found");
    assertEquals([result.state.op, result.state.over], ["op q", 0]);
  });

  it("an attempt that others adopted counts as its own success", () => {
    const cluster = new Cluster();
    const put = makePut();
    const p = cluster.proposer("p", putChange(put, none, always));
    p.start().ask("a", "b").send("a").lose("a");
    const q = cluster.proposer("q", putChange(makePut({ op: "op q" }), none, always));
    q.clock.observe(1);
    const { result } = q.run("a", "c");
    assert(result.kind === "found");
    p.clock.observe(2);
    assertEquals(p.run("b", "c").result, { kind: "written", token: 1 });
    assertEquals(q.chosen.token, 1);
  });
});

describe("sealChange()", () => {
  const decision = (state: State | null, token = 7) =>
    sealChange(token)({ state, token: state?.token ?? 0, ballot: ballot("90p") }).draft;

  it("releases the state with that token, and nothing else", () => {
    assertEquals(decision(otherAt(7)), { present: false });
    assertEquals([decision(otherAt(8)), decision(otherAt(6))], [null, null]);
    assertEquals([decision(absentAt(7)), decision(null)], [null, null]);
  });
});

describe("sealEndedChange()", () => {
  const isSealed = (cause: Cause, ...bindings: Binding[]) => {
    const state = { ...otherAt(7), bindings, owners: ownersOf(bindings) } as State;
    const { draft } = sealEndedChange(cause)({ state, token: 7, ballot: ballot("90p") });
    return draft !== null;
  };

  it("releases a value whose time has passed, and not one that ends later", () => {
    const cause = { kind: "until", time: 100 } as const;
    assertEquals([99, 100, 101].map((time) => isSealed(cause, bindTo.until(time))), [
      true,
      true,
      false,
    ]);
    assertEquals(isSealed(cause, bindTo.node("n/1/1"), bindTo.until(5)), true);
    assertEquals(isSealed(cause, bindTo.key(5)), false);
  });

  it("releases a value of the ended session, and none of another session", () => {
    const cause = { kind: "session", session: "n/1/1" } as const;
    assertEquals([bindTo.node("n/1/1"), bindTo.pid("n/1/1")].map((one) => isSealed(cause, one)), [
      true,
      true,
    ]);
    assertEquals([bindTo.node("n/1/2"), bindTo.pid("n/1/2")].map((one) => isSealed(cause, one)), [
      false,
      false,
    ]);
  });

  it("releases a value that is bound to the ended value of a key, and not one bound to the next", () => {
    const cause = { kind: "key", register: "k0", token: 4 } as const;
    const other: Binding = { kind: "key", register: "k1", token: 4 };
    assertEquals([bindTo.key(4), bindTo.key(5), other].map((one) => isSealed(cause, one)), [
      true,
      false,
      false,
    ]);
  });

  it("does not change an absent register", () => {
    const seal = sealEndedChange({ kind: "until", time: 100 });
    const drafts = [null, absentAt(7)].map((state) =>
      seal({ state, token: 7, ballot: ballot("90p") }).draft
    );
    assertEquals(drafts, [null, null]);
  });
});

describe("releaseChange()", () => {
  const decision = (state: State | null) =>
    releaseChange(pid("n/1/1", 4))({ state, token: 0, ballot: ballot("90p") }).draft;
  const bound = (...bindings: Binding[]) => ({ ...value("x", 7), bindings } as State);

  it("releases a value that is bound to that pid, with any other bindings", () => {
    assertEquals(decision(bound(bindTo.pid("n/1/1", 4))), { present: false });
    assertEquals(decision(bound(bindTo.until(), bindTo.pid("n/1/1", 4))), { present: false });
  });

  it("leaves a value bound to another pid, to the node, or to nothing, and an absent register", () => {
    const others = [bindTo.pid("n/1/1", 5), bindTo.pid("n/1/2", 4), bindTo.node("n/1/1")];
    for (const binding of others) assertEquals(decision(bound(binding)), null);
    assertEquals([decision(bound()), decision(absentAt(7)), decision(null)], [null, null, null]);
  });
});

describe("bindings", () => {
  it("samePid() compares the session and the number", () => {
    assertEquals(samePid(pid("n/1/1", 4), pid("n/1/1", 4)), true);
    assertEquals(samePid(pid("n/1/1", 4), pid("n/1/1", 5)), false);
    assertEquals(samePid(pid("n/1/1", 4), pid("n/1/2", 4)), false);
  });

  it("ownersOf() names the sessions of pids and nodes, each once", () => {
    assertEquals(ownersOf([]), []);
    assertEquals(
      ownersOf([
        bindTo.pid("n/1/1", 1),
        bindTo.until(),
        bindTo.node("m/1/1"),
        bindTo.key(),
        bindTo.pid("n/1/1", 2),
      ]),
      ["n/1/1", "m/1/1"],
    );
  });

  it("endedByOthers(): `until`, `key`, a node or a pid that is not the writer's own", () => {
    const mine = "n/1/1";
    assertEquals(endedByOthers([bindTo.until()], mine), true);
    assertEquals(endedByOthers([bindTo.key()], mine), true);
    assertEquals(endedByOthers([bindTo.node("m/1/1")], mine), true);
    assertEquals(endedByOthers([bindTo.pid("m/1/1")], mine), true);
    assertEquals(endedByOthers([bindTo.pid("n/1/2")], mine), true);
    assertEquals(endedByOthers([bindTo.pid(mine), bindTo.node(mine)], mine), false);
    assertEquals(endedByOthers([bindTo.pid(mine), bindTo.until()], mine), true);
    assertEquals(endedByOthers([], mine), false);
    assertEquals(endedByOthers([bindTo.pid(mine)], null), true);
  });
});
