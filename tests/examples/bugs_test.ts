import { describe, it } from "@std/testing/bdd";
import { assert, assertEquals, assertRejects } from "@std/assert";
import { BUGS } from "../../examples/bugs/mod.ts";
import { root } from "../../tasks/process.ts";
import { run, SimulationError } from "../../testing/mod.ts";

const members = ["a", "b", "c"];

/** Seeds within which each bug is found. */
const SEEDS = 100;

/** Seeds with which a program without its bug passes here: more would take long, and find nothing more. */
const GOOD_SEEDS = 2;

/** What the test of a bug says, not what a broken test would. */
const FINDINGS: Readonly<Record<string, string>> = {
  check_then_act: "it has run twice",
  forgotten_count: "was drawn twice",
  gone_for_good: "no node leads",
  hasty_read: "it works in the mode default",
  ignored_token: "an old value has replaced a newer one",
  kept_lock: "The lock was not granted in time",
  late_write: "an owner has written after its successor",
  missing_await: "two of them work at the same time",
  own_value: "two of them lead",
  repeated_call: "50 were paid",
  two_orders: "of 9 transfers have ended",
  unknown_outcome: "an order that has failed is there",
};

describe("a program with a classic bug", () => {
  for (const [name, { title, broken, fixed, test }] of Object.entries(BUGS)) {
    it(`${name}, ${title}: is found within ${SEEDS} seeds, and passes without it`, async () => {
      const options = { seeds: SEEDS, members };
      const found = await assertRejects(
        () => run(options, (world) => test(world, broken)),
        SimulationError,
      );
      assert(found.message.includes(FINDINGS[name]), found.message);
      await run({ seeds: GOOD_SEEDS, members }, (world) => test(world, fixed));
    });
  }

  it("has a line in docs/testing.md, and there are twelve", async () => {
    const page = await Deno.readTextFile(`${root}docs/testing.md`);
    const listed = [...page.matchAll(/^\| \[`(\w+)`\]\(\.\.\/examples\/bugs\/\1\.ts\)/gm)]
      .map(([, name]) => name);
    assertEquals(listed, Object.keys(BUGS));
    assertEquals(listed.length, 12);
  });
});
