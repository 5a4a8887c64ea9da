import { assertEquals } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import { CELL_FORMAT } from "../../lib/cells/cell_value.ts";
import {
  cellChange,
  type CellCommand,
  type CellOperation,
  type CellResult,
} from "../../lib/paxos/cell_register.ts";
import type { State } from "../../lib/paxos/register.ts";
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
