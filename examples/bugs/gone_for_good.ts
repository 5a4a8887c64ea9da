import type { ClusterNode } from "../../mod.ts";
import type { WorldMachine } from "../../testing/mod.ts";
import { type Bug, QUICK } from "./bug.ts";

type Program = (
  node: ClusterNode,
  machine: WorldMachine,
  lead: (signal: AbortSignal) => void,
) => Promise<void>;

/** A node that was cut off, or paused, has lost its lock, and does not ask for it again. */
export const goneForGood: Bug<Program> = {
  title: "does not take up its work again after a lost session",

  async broken(node, _machine, lead) {
    const lock = await node.lock("leader");
    lead(lock.signal);
  },

  async fixed(node, machine, lead) {
    for (;;) {
      const lock = await node.lock("leader").catch(() => null);
      if (lock !== null) {
        lead(lock.signal);
        await new Promise((resolve) => lock.signal.addEventListener("abort", resolve));
      }
      await machine.sleep(100);
    }
  },

  async test(world, program) {
    const terms: AbortSignal[] = [];
    let leader = "a";
    await world.join("a", "b", "c", {
      ...QUICK,
      program: (node, machine) =>
        program(node, machine, (signal) => {
          terms.push(signal);
          leader = node.id;
        }).catch(() => {}),
    });
    for (let i = 0; i < 3; i++) {
      await world.sleep(3_000);
      world.pause(leader, 4_000 * world.random());
    }
    await world.sleep(6_000);
    if (terms.every(({ aborted }) => aborted)) throw new Error("no node leads");
  },
};
