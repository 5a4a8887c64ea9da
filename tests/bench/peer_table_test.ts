import { assertEquals, assertStringIncludes } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import { type Figures, medians } from "../../bench/figures.ts";
import { type PeerLine, peerTable } from "../../bench/peers/peer_table.ts";

function line(system: PeerLine["system"], members: number, perSecond: number): PeerLine {
  const figures = { perSecond, p50: 0.5, p99: 12 };
  return { row: "put", members, concurrency: 64, system, figures };
}

describe("peerTable()", () => {
  it("divides the operations per second by those of a peer in the same row", () => {
    const lines = [line("Synod, Node", 3, 3_000), line("etcd", 3, 1_000), line("etcd", 5, 500)];
    assertEquals(peerTable(lines).split("\n").map((text) => text.split(/ {2,}/).slice(1)), [
      ["members", "at a time", "ops/s", "p50", "p99", "/ etcd", "/ redlock"],
      ["3", "64", "Synod, Node", "3,000", "500 µs", "12.0 ms", "3.00 x"],
      ["3", "64", "etcd", "1,000", "500 µs", "12.0 ms"],
      ["5", "64", "etcd", "500", "500 µs", "12.0 ms"],
    ]);
  });

  it("says in its row how often a system gave up", () => {
    const { figures, ...other } = line("redlock", 3, 100);
    const repetitions = [figures, { ...figures, gaveUp: 2 }, { ...figures, gaveUp: 1 }];
    const table = (lines: Figures[]) => peerTable([{ ...other, figures: medians(lines) }]);
    assertStringIncludes(table(repetitions), "redlock (gave up 3 times)");
    assertEquals(table([figures]).includes("gave up"), false);
  });
});
