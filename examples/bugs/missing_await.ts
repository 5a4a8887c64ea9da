import type { ClusterNode } from "../../mod.ts";
import { type Bug, QUICK, repeat } from "./bug.ts";

type Program = (node: ClusterNode, work: () => Promise<void>) => Promise<void>;

/** The lock is free again as soon as the callback has returned. */
export const missingAwait: Bug<Program> = {
  title: "does not wait for its work before it releases the lock",

  async broken(node, work) {
    await node.locks.request("report", () => {
      void work();
    });
  },

  async fixed(node, work) {
    await node.locks.request("report", async () => {
      await work();
    });
  },

  async test(world, program) {
    let workers = 0;
    await world.join("a", "b", "c", {
      ...QUICK,
      program: (node, machine) =>
        repeat(machine, async () => {
          await machine.sleep(2_000 * world.random());
          await program(node, async () => {
            if (++workers > 1) throw new Error("two of them work at the same time");
            await machine.sleep(100);
            workers--;
          });
        }),
    });
    await world.sleep(10_000);
  },
};
