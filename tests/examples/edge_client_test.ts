import { assertEquals, assertMatch } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import { deno, root, run } from "../../tasks/process.ts";

describe("examples/edge-client", () => {
  it("sells each seat once, takes turns, and counts, from a worker of workerd", async () => {
    const { code, output } = await run(deno, [
      "run",
      "--no-check",
      "--no-prompt",
      "--allow-read",
      "--allow-write",
      "--allow-env",
      "--allow-run",
      "--allow-net=127.0.0.1",
      `${root}examples/edge-client/main.ts`,
    ], { timeout: 180_000 });
    assertEquals(code, 0, output);
    assertMatch(output, /^20 buyers came for 5 seats: 5 were sold\.$/m);
    const sold = [...output.matchAll(/^ {2}seat (\d) is buyer-(\d+)'s$/gm)];
    assertEquals(sold.map(([, seat]) => seat).sort(), ["1", "2", "3", "4", "5"]);
    for (const [, seat, buyer] of sold) assertEquals(Number(buyer) % 5, Number(seat) % 5);
    assertMatch(output, /^5 requests took the lock on the till/m);
    assertMatch(output, /^Visits were counted: 1, 2, 3\.$/m);
    // One to connect, one for the operation, one to leave.
    assertMatch(output, /^To look up a seat took 3 requests to the members\.$/m);
    assertMatch(output, /^All is well\.$/m);
  });
});
