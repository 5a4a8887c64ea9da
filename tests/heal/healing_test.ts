// Runs in Deno alone: the network between the nodes is the same in all runtimes.
import { assertLess } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import { CUTS } from "./cut_network.ts";
import { HealingCluster, OVER } from "./healing.ts";

/** The longest time for a busy machine, in milliseconds; `deno task heal` measures how soon it is. */
const LIMIT = 10_000;

describe("three members over real sockets", () => {
  for (const over of OVER) {
    it(`are whole again after a cut of each kind over ${over}`, async () => {
      const cluster = await HealingCluster.start(over);
      try {
        for (const [index, cut] of CUTS.entries()) {
          assertLess(await cluster.heal(cut, index % 2 === 0, 500), LIMIT, cut);
        }
      } finally {
        await cluster.close();
      }
    });
  }
});
