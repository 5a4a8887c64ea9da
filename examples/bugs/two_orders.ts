import type { ClusterNode } from "../../mod.ts";
import type { WorldMachine } from "../../testing/mod.ts";
import { type Bug, QUICK } from "./bug.ts";

type Program = (
  node: ClusterNode,
  machine: WorldMachine,
  from: string,
  to: string,
) => Promise<void>;

/** Each of two owners waits for the lock of the other one. */
export const twoOrders: Bug<Program> = {
  title: "takes two locks in different orders",

  async broken(node, machine, from, to) {
    const first = await node.lock(from);
    await machine.sleep(50);
    const second = await node.lock(to);
    await second.release();
    await first.release();
  },

  async fixed(node, machine, from, to) {
    const [one, other] = [from, to].sort();
    const first = await node.lock(one);
    await machine.sleep(50);
    const second = await node.lock(other);
    await second.release();
    await first.release();
  },

  async test(world, program) {
    let transfers = 0;
    const pairs = { a: ["x", "y"], b: ["y", "x"], c: ["x", "z"] };
    for (const [id, [from, to]] of Object.entries(pairs)) {
      await world.join(id, {
        ...QUICK,
        async program(node, machine) {
          for (let i = 0; i < 3; i++) {
            await machine.sleep(2_000 * world.random());
            await program(node, machine, from, to);
            transfers++;
          }
        },
      });
    }
    await world.sleep(15_000);
    if (transfers < 9) throw new Error(`only ${transfers} of 9 transfers have ended`);
  },
};
