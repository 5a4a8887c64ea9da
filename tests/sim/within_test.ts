import { assertEquals } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import { Simulation } from "../../testing/simulation.ts";
import { withoutReality } from "./guard.ts";
import { within } from "./within.ts";

describe("within()", () => {
  /** What `promise` gives within a second, when that is known, and what was reported. */
  async function outcome(of: (simulation: Simulation) => Promise<string>) {
    const simulation = new Simulation("1");
    const reports: string[] = [];
    const report = (violation: string) => void reports.push(violation.split("\n")[0]);
    const value = await withoutReality(report, () =>
      within(
        of(simulation),
        async (isOver) => void await simulation.run(simulation.time + 1_000, isOver),
        report,
      ));
    return { value, time: simulation.time, reports };
  }

  it("returns a value as soon as it is there", async () => {
    const value = await outcome((simulation) =>
      new Promise((resolve) => simulation.after(10, () => resolve("x")))
    );
    assertEquals(value, { value: "x", time: 10, reports: [] });
  });

  it("reports a rejection once, as its own and not as one that was not handled, and does not wait", async () => {
    const value = await outcome((simulation) =>
      new Promise((_, reject) => simulation.after(10, () => reject(new Error("no"))))
    );
    assertEquals(value, { value: undefined, time: 10, reports: ["without faults: Error: no"] });
  });

  it("gives up in the end", async () => {
    const value = await outcome((simulation) => {
      simulation.after(2_000, () => {});
      return new Promise(() => {});
    });
    assertEquals(value, { value: undefined, time: 1_000, reports: [] });
  });
});
