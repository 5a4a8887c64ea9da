import { assertEquals, assertStrictEquals } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import { CELL_FORMAT } from "../../lib/cells/cell_value.ts";
import {
  cellChange,
  type CellCommand,
  type CellOperation,
  type CellResult,
} from "../../lib/paxos/cell_register.ts";
import { completed } from "../../lib/paxos/change.ts";
import type { State } from "../../lib/paxos/register.ts";
import { combine } from "../../lib/node/quorum/combine.ts";
import { Cluster } from "./support/acceptors.ts";

const bytes = (value: number) => new Uint8Array([value]);
const PLUS: CellCommand = { type: "update", next: (now) => bytes((now?.[0] ?? 0) + 1) };
const valueIn = (state: State | null) => state?.present ? CELL_FORMAT.read(state).value[0] : null;

const operation = (op: string, command: CellCommand, firstAccept?: number): CellOperation => ({
  ...{ op, command, written: new Map() },
  firstAccept,
});

/** A proposer that runs an operation, with ballots from `counter` on. */
function proposer(
  cluster: Cluster,
  life: string,
  of: CellOperation,
  counter: number,
  mustWrite = false,
) {
  const made = cluster.proposer<CellResult>(life, cellChange(of, CELL_FORMAT), {
    writing: ({ counter }) => void (of.firstAccept ??= counter),
    mustWrite: () => mustWrite,
  });
  made.clock.observe(counter - 1);
  return made;
}

describe("an operation on a cell, tried three times (section 10)", () => {
  it("counts from its first accept: an earlier one may be adopted after a later one", () => {
    const cluster = new Cluster();
    const update = operation("x/1", PLUS);
    const other = operation("c/1", PLUS);
    // Its accept at 10 reaches a alone.
    const own = proposer(cluster, "x", update, 10).start().ask("a", "b").send("a").lose("a");
    // Another update adopts that; its accept at 15 reaches a alone.
    const rival = proposer(cluster, "c", other, 15).start().ask("a", "b").send("a").lose("a");
    // The first one again at 20, with b and c, which know of neither; this accept is lost.
    own.clock.observe(19);
    own.start().ask("b", "c");
    // The other one again, with a and c: it is there, over the first one.
    rival.clock.observe(29);
    assertEquals(rival.run("a", "c").result, { kind: "done", token: 15, value: bytes(2) });
    let value = 2;
    for (; value < 65; value++) {
      const next = proposer(cluster, `o${value}`, operation(`o${value}/1`, PLUS), 30 + value);
      assertEquals(valueIn(next.run("a", "c").state), value + 1);
    }
    // Its own write has just left the list; that of the other one, from before its second accept, has not.
    own.clock.observe(200);
    const last = own.run("a", "c");
    assertEquals([last.result.kind, valueIn(last.state)], ["unknown", value]);
  });

  it("writes what it answers, when another gateway may have sent it (section 13)", () => {
    const cluster = new Cluster();
    const set = (op: string) => operation(op, { type: "set", value: bytes(1) });
    const all = proposer(cluster, "v", set("v/1"), 5).start().ask("a", "b", "c");
    all.ask("a", "b", "c");
    // A delete at 8 reaches a alone; so does the guest's accept at 10, from its first gateway.
    proposer(cluster, "d", operation("d/1", { type: "delete" }), 8).start().ask("a", "b").send("a");
    const command: CellCommand = { type: "compareAndSet", token: 0, value: bytes(9) };
    proposer(cluster, "g1", operation("~g/1", command), 10).start().ask("a", "b").send("a");
    // The second gateway sees neither. What it answers must stay true.
    const again = proposer(cluster, "g2", operation("~g/1", command, 8), 12, true).run("b", "c");
    const read = cluster.proposer("r", ({ state }) => ({ draft: null, result: state }), {});
    read.clock.observe(20);
    assertEquals([again.result.kind, valueIn(read.run("a", "b").state)], ["conflict", 1]);
  });
});

describe("a delete and a set of a cell in one round (section 10)", () => {
  /** One attempt of both at `counter`, over a state: the state that they write, and their results. */
  function attempt(operations: readonly CellOperation[], state: State | null, counter: number) {
    const parts = operations.map((of) => ({ change: cellChange(of, CELL_FORMAT), wrote: false }));
    const token = state?.token ?? 0;
    const current = { state, token, ballot: { counter, life: "x" } };
    const { draft, result: { results } } = combine(parts, current);
    for (const of of operations) of.firstAccept ??= counter;
    const written = draft === null ? state : completed(draft, counter, token);
    const kinds = parts.map((part) => (results.get(part) as { value: CellResult }).value);
    return { written, kinds: kinds.map(({ kind }) => kind) };
  }

  const both = (): CellOperation[] => [
    operation("x/1", { type: "delete" }),
    operation("x/2", { type: "set", value: bytes(7) }),
  ];
  const first = attempt([operation("o/1", PLUS)], null, 5).written;
  const done = ["done", "done"];

  it("know that they were never chosen, and take effect in the next round", () => {
    const operations = both();
    assertEquals(attempt(operations, first, 10).kinds, done);
    // The accept at 10 has reached no majority.
    const { written, kinds } = attempt(operations, first, 20);
    assertEquals([kinds, valueIn(written), written?.token], [done, 7, 20]);
  });

  it("know that they were chosen, also when others have written since", () => {
    const operations = both();
    const { written } = attempt(operations, first, 10);
    const later = attempt([operation("c/1", PLUS)], written, 15).written;
    const again = attempt(operations, later, 20);
    assertEquals([again.kinds, valueIn(again.written)], [done, 8]);
    assertStrictEquals(again.written, later);
  });

  it("leave the history of the cell to others whose outcome is not known", () => {
    const other = operation("c/1", PLUS);
    attempt([other], first, 10);
    const { written } = attempt(both(), first, 12);
    assertEquals(attempt([other], written, 20).kinds, ["done"]);
  });
});
