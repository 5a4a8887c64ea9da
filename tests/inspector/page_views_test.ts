// Runs in Deno alone: imports the script of the page from its text.
import { assertEquals } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import { VIEWS } from "../../lib/inspector/page_views.ts";

const { age, number, VIEWS: views } = await import(
  `data:text/javascript,${encodeURIComponent(VIEWS)}`
);

describe("the views of the inspector's page", () => {
  it("show durations for people", () => {
    const shown = [0, 12.3, 1_500, 89_000, 200_000, 7_200_000, 200_000_000].map(age);
    assertEquals(shown, ["0 ms", "12 ms", "1.5 s", "89.0 s", "3 min", "2.0 h", "2 days"]);
    // Clocks of other nodes may be ahead.
    assertEquals(age(-5), "0 ms");
    assertEquals(number(1_234_567), "1,234,567");
  });

  it("are those with keys from 1 on", () => {
    assertEquals(Object.keys(views), [
      "members",
      "locks",
      "keys",
      "singletons",
      "cells",
      "timeline",
    ]);
  });
});
