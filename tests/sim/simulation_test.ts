import { describe, it } from "@std/testing/bdd";
import { assertEquals, assertMatch, assertRejects } from "@std/assert";
import { withoutReality } from "./guard.ts";
import { Simulation } from "../../testing/simulation.ts";

describe("Simulation", () => {
  it("run() runs events at their times, and takes no real time", async () => {
    const simulation = new Simulation("1");
    const ran: number[] = [];
    simulation.at(3_600_000, () => ran.push(simulation.time));
    simulation.at(5, () => {
      ran.push(simulation.time);
      simulation.after(10, () => ran.push(simulation.time));
      simulation.at(1, () => ran.push(simulation.time)); // in the past: now
    });
    assertEquals(await simulation.run(1e9), false);
    assertEquals(ran, [5, 5, 15, 3_600_000]);
    assertEquals(simulation.events, 4);
  });

  it("run() drains all microtasks between two events", async () => {
    const simulation = new Simulation("1");
    const ran: string[] = [];
    simulation.at(1, async () => {
      for (let i = 0; i < 1_000; i++) await null;
      ran.push("microtasks of the first");
    });
    simulation.at(1, () => void ran.push("second"));
    await simulation.run(10);
    assertEquals(ran, ["microtasks of the first", "second"]);
  });

  it("run() stops at its deadline, or as soon as `done` returns true", async () => {
    const simulation = new Simulation("1");
    const tick = () => simulation.after(10, tick);
    tick();
    assertEquals(await simulation.run(95), false);
    assertEquals([simulation.time, simulation.events], [95, 9]);
    assertEquals(await simulation.run(1e9, () => simulation.events === 12), true);
    assertEquals(simulation.time, 120);
  });

  it("run() rejects with the exception of an event", async () => {
    const simulation = new Simulation("1");
    simulation.at(1, () => {
      throw new Error("a bug");
    });
    await assertRejects(() => simulation.run(10), Error, "a bug");
  });

  it("note() goes into the fingerprint, comment() only into the trace", async () => {
    const run = async (what: string, comment: string) => {
      const lines: string[] = [];
      const simulation = new Simulation("1", (line) => lines.push(line));
      simulation.at(7, () => {
        simulation.note(what);
        simulation.comment(() => comment);
      });
      await simulation.run(10);
      return { fingerprint: simulation.fingerprint.toString(), lines };
    };
    const [a, b, c] = [await run("x", "1"), await run("x", "2"), await run("y", "1")];
    assertEquals(a.lines, ["       7.000  x", "       7.000  1"]);
    assertEquals(a.fingerprint, b.fingerprint);
    assertEquals(a.fingerprint === c.fingerprint, false);
  });
});

describe("withoutReality()", () => {
  it("forbids real time and randomness while it runs, and reports each call", async () => {
    const reported: string[] = [];
    const real = [Date.now, performance.now, Math.random, setTimeout, crypto.getRandomValues];
    const report = (violation: string) => void reported.push(violation);
    await withoutReality(report, async () => {
      const attempts = [
        () => Date.now(),
        () => performance.now(),
        () => Math.random(),
        () => setTimeout(() => {}, 0),
        () => setInterval(() => {}, 1),
        () => AbortSignal.timeout(1),
        () => crypto.getRandomValues(new Uint8Array(1)),
        () => crypto.randomUUID(),
      ];
      for (const attempt of attempts) {
        await assertRejects(async () => await attempt(), Error, "inside of the simulation");
      }
      assertEquals(reported.length, attempts.length);
    });
    assertEquals(
      [Date.now, performance.now, Math.random, setTimeout, crypto.getRandomValues],
      real,
    );
  });

  it("reports a promise that rejects unhandled", async () => {
    const reported: string[] = [];
    await withoutReality((violation) => void reported.push(violation), async () => {
      const simulation = new Simulation("1");
      simulation.at(1, () => void Promise.reject(new Error("no handler")));
      simulation.at(2, () => {});
      simulation.at(3, () => {});
      await simulation.run(10);
    });
    assertEquals(reported.length, 1);
    assertMatch(reported[0], /unhandled rejection.*no handler/);
  });
});
