import type { ClusterNode } from "../../mod.ts";
import { type Bug, QUICK } from "./bug.ts";

type Program = (node: ClusterNode, job: () => Promise<void>) => Promise<void>;

/** Between the look and the act another node does the same. */
export const checkThenAct: Bug<Program> = {
  title: "looks first, and then acts",

  async broken(node, job) {
    if ((await node.kv.get("migration")).ok) return;
    await job();
    await node.kv.put("migration", "done");
  },

  async fixed(node, job) {
    const claim = await node.kv.claim("migration", "done");
    if (claim.ok && claim.value.mine) await job();
  },

  async test(world, program) {
    let runs = 0;
    const nodes = await world.join("a", "b", "c", QUICK);
    await Promise.all(nodes.map(async (node) => {
      await node.ready;
      await world.sleep(1_000 * world.random());
      await program(node, async () => {
        if (++runs > 1) throw new Error("it has run twice");
        await world.sleep(100);
      });
    }));
  },
};
