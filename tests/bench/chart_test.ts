import { assertAlmostEquals, assertEquals, assertThrows } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import { chart, linear, logarithmic, type Panel, short } from "../../bench/plots/chart.ts";

describe("linear()", () => {
  it("goes from 0 to a round number above the largest value", () => {
    const { at, ticks } = linear([30, 310], 0, 400);
    assertEquals(ticks, [0, 100, 200, 300, 400]);
    assertEquals([at(0), at(310), at(400)], [0, 310, 400]);
  });
});

describe("logarithmic()", () => {
  it("goes from power of ten to power of ten", () => {
    const { at, ticks } = logarithmic([0.02, 70], 0, 400);
    assertEquals(ticks.map((tick) => Number(tick.toPrecision(3))), [0.01, 0.1, 1, 10, 100]);
    assertAlmostEquals(at(1), 200);
  });

  it("takes given marks in place of the powers", () => {
    const { at, ticks } = logarithmic([1, 4, 16], 0, 100, [1, 4, 16]);
    assertEquals(ticks, [1, 4, 16]);
    assertAlmostEquals(at(4), 50);
  });
});

describe("short()", () => {
  it("writes thousands and millions as k and M", () => {
    assertEquals([0.25, 64, 1_000, 16_384, 250_000, 2e6].map(short), [
      ...["0.25", "64", "1k", "16.4k", "250k", "2M"],
    ]);
  });
});

describe("chart()", () => {
  const panel = (title: string, ...names: string[]): Panel => ({
    ...{ title, x: "x", y: "y" },
    series: names.map((name) => ({ name, points: [[1, 1], [10, 100]] })),
  });

  it("has a colour for each name, the same in all panels, and text without markup", () => {
    const svg = chart([panel("a < b", "put", "get"), panel("c", "get")]);
    assertEquals(svg.match(/<text class="title"[^>]*>[^<]*/g)?.map((text) => text.split(">")[1]), [
      ...["a &lt; b", "c"],
    ]);
    const lines = [...svg.matchAll(/fill="none" stroke="(#\w+)"/g)].map(([, colour]) => colour);
    assertEquals(lines.length, 3);
    assertEquals(lines[1], lines[2]);
    assertEquals(new Set(lines).size, 2);
  });

  it("refuses more series than it has colours for", () => {
    assertThrows(() => chart([panel("a", "1", "2", "3", "4", "5")]), TypeError, "series");
  });
});
