import { beforeAll, describe, it } from "@std/testing/bdd";
import { assert, assertEquals, assertGreater, assertGreaterOrEqual, assertLess } from "@std/assert";
import { runProgram, RUNTIMES } from "./support/run_program.ts";
import type { Report } from "./support/three_members.ts";

/** By how much two clocks of one machine may differ, in milliseconds. */
const PRECISION = 5;

for (const runtime of RUNTIMES) {
  describe(`three threads in ${runtime}, each a member over broadcastChannel()`, () => {
    let report: Report;

    beforeAll(async () => {
      const { code, output, timedOut } = await runProgram(runtime, "three_members.ts");
      assertEquals([code, timedOut], [0, false], output);
      report = JSON.parse(output.split("\n").find((line) => line.startsWith("{"))!);
    });

    it("put() of one key by all three at once returns the same value to all three", () => {
      assertEquals(report.puts.length, 20);
      for (const [first, ...others] of report.puts) {
        assert(first.ok && ["w1", "w2", "w3"].includes(first.value as string));
        assertEquals(others, [first, first]);
      }
    });

    it("get() reads the agreed value on every member", () => {
      assertEquals(report.gets, report.puts);
    });

    it("claim() of one key by all three at once has one winner, with one token", () => {
      for (const outcomes of report.claims) {
        const claims = outcomes.map((o) =>
          o.value as { value: string; token: number; mine: boolean }
        );
        assertEquals(claims.filter(({ mine }) => mine).length, 1);
        const winner = `w${claims.findIndex(({ mine }) => mine) + 1}`;
        assertEquals(claims.map(({ value }) => value), [winner, winner, winner]);
        assertEquals(new Set(claims.map(({ token }) => token)).size, 1);
        assertGreater(claims[0].token, 0);
      }
    });

    it("keys() lists the same keys on every member", () => {
      assertEquals(report.keys[0].length, 40);
      for (const keys of report.keys) {
        assertEquals(
          keys.map((key) => JSON.stringify(key)),
          report.keys[0].map((key) => JSON.stringify(key)),
        );
      }
    });

    it("a value bound to a process is gone on every member when the process has exited", () => {
      const [there, gone] = [{ ok: true, value: "w2" }, { ok: false, error: "not_found" }];
      assertEquals(report.boundToProcess, [there, there, there]);
      assertEquals(report.afterExit, [gone, gone, gone]);
    });

    it("when one is terminated, the others continue at once, and no operation fails", () => {
      for (const { puts, failed, time, longest } of report.worked) {
        assertEquals(failed, 0);
        assertGreaterOrEqual(puts, 100);
        // They worked until its session had ended, and longer.
        assertGreater(time, report.remaining - PRECISION);
        // There is no leader to elect: the pause is that of messages that are sent again.
        assertLess(longest, report.sessionTtl / 3);
      }
    });

    it("values bound to the node of a terminated thread are released with its session", () => {
      assertEquals(report.boundTo, { ok: true, value: "w3" });
      assertEquals(report.taken, [{ ok: true, value: "w1" }, { ok: true, value: "w1" }]);
      assertGreater(report.remaining, 0);
      for (const { asked, terminated } of report.takenAfter) {
        assertGreater(asked, report.remaining - PRECISION);
        assertLess(terminated, report.sessionTtl * 2);
      }
    });

    it("its unbound values stay", () => {
      assertEquals(report.unbound, report.puts[0][0]);
    });
  });
}
