import { assert, assertEquals } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import { runExample } from "./support/run_example.ts";

describe("examples/growing", () => {
  it("grows from one node to three and shrinks to another one, and no order is lost", async () => {
    const output = await runExample("example:growing");
    const steps = output.match(/^(w1 works|the members? (is|are)) .*$/gm);
    assertEquals(steps, ["w1 works alone", "the members are w1,w2,w3", "the member is w3"], output);
    const [, orders, found] = /^(\d+) orders, of which w3 has (\d+)$/m.exec(output) ?? [];
    assertEquals(orders, found, output);
    assert(Number(orders) > 10, output);
  });
});
