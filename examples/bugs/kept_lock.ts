import type { ClusterNode } from "../../mod.ts";
import { type Bug, QUICK } from "./bug.ts";

type Program = (node: ClusterNode, work: () => Promise<void>) => Promise<void>;

/** The work throws, and the lock is kept as long as the node lives. */
export const keptLock: Bug<Program> = {
  title: "forgets to release its lock when its work has thrown",

  async broken(node, work) {
    const lock = await node.lock("printer");
    await work();
    await lock.release();
  },

  async fixed(node, work) {
    const lock = await node.lock("printer");
    try {
      await work();
    } finally {
      await lock.release();
    }
  },

  async test(world, program) {
    const [a, b] = await world.join("a", "b", "c", QUICK);
    for (let i = 0; i < 5; i++) {
      await program(a, async () => {
        await world.sleep(100);
        if (world.random() < 0.1) throw new Error("no paper");
      }).catch(() => {});
      await (await b.lock("printer", { timeout: 10_000 })).release();
    }
  },
};
