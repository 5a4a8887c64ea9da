import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import { counterApp } from "../../examples/counter-by-lock/app.ts";
import { Store } from "../../examples/counter-by-lock/store.ts";
import { deno, type Ended, root, run } from "../../tasks/process.ts";
import { startCluster } from "../support/real_cluster.ts";

/** Runs the example as a program; in Deno, without any permission. */
function example(...flags: string[]): Promise<Ended> {
  const main = `${root}examples/counter-by-lock/main.ts`;
  return run(deno, ["run", "--no-check", "--no-prompt", main, ...flags], { timeout: 180_000 });
}

const POST = { method: "POST" };

describe("examples/counter-by-lock", () => {
  it("counts 300 concurrent requests as exactly 300", async () => {
    const { code, output } = await example();
    assertEquals(code, 0, output);
    assertMatch(output, /^300 of 300 requests succeeded/m);
    assertStringIncludes(output, "The counter is at 300.");
  });

  it("loses counts without the lock, and reports it", async () => {
    const { code, output } = await example("--no-lock");
    assertEquals(code, 1, output);
    assertMatch(output, /^300 of 300 requests succeeded/m);
    assertMatch(output, /^\d+ increments were lost\.$/m);
  });

  it("counts each key separately, and gives each request a different value", async () => {
    await using cluster = await startCluster(3);
    const store = new Store();
    const apps = cluster.nodes.map((node) => counterApp({ node, store }));
    const answers = await Promise.all(Array.from({ length: 60 }, async (_, index) => {
      const key = index % 2 === 0 ? "apples" : "pears";
      const response = await apps[index % 3].request(`/increment/${key}`, POST);
      return await response.json() as { key: string; value: number };
    }));
    for (const key of ["apples", "pears"]) {
      const values = answers.filter((answer) => answer.key === key).map(({ value }) => value);
      assertEquals(
        values.sort((a, b) => a - b),
        Array.from({ length: 30 }, (_, index) => index + 1),
      );
      const counter = await apps[0].request(`/counter/${key}`);
      assertEquals(await counter.json(), { key, value: 30 });
    }
    assertEquals(await (await apps[1].request("/counter/plums")).json(), {
      key: "plums",
      value: 0,
    });
  });

  it("removes a client that disconnects from the queue, and does not count its request", async () => {
    await using cluster = await startCluster(3);
    const [node, other] = cluster.nodes;
    const store = new Store();
    const app = counterApp({ node, store });
    const held = await other.lock(["counter", "apples"]);
    const aborter = new AbortController();
    const gone = app.request("/increment/apples", { ...POST, signal: aborter.signal });
    aborter.abort();
    assert(!(await gone).ok);
    await held.release();
    assertEquals(await (await app.request("/increment/apples", POST)).json(), {
      key: "apples",
      value: 1,
    });
  });
});
