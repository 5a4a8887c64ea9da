import { assertEquals } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import { startCluster } from "../support/real_cluster.ts";

describe("locks.request()", () => {
  it("gives a lock, for the compiler too, unless the request has ifAvailable", async () => {
    await using cluster = await startCluster(1);
    const [{ locks }] = cluster.nodes;
    const names = [
      await locks.request("a", (lock) => lock.name),
      await locks.request("b", { mode: "shared" }, (lock) => lock.name),
      // @ts-expect-error: it may be null
      await locks.request("c", { ifAvailable: true }, (lock) => lock.name),
    ];
    assertEquals(names, ["a", "b", "c"]);
  });
});
