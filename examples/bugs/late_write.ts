import type { ClusterNode } from "../../mod.ts";
import type { WorldMachine } from "../../testing/mod.ts";
import { type Bug, pauseOften, QUICK, repeat } from "./bug.ts";

type Program = (
  node: ClusterNode,
  machine: WorldMachine,
  write: (token: number) => void,
) => Promise<void>;

/** The owner of a lock goes on after a pause in which it has lost the lock. */
export const lateWrite: Bug<Program> = {
  title: "acts after the signal of its lock has aborted",

  async broken(node, machine, write) {
    const lock = await node.lock("ledger");
    for (let page = 0; page < 3; page++) {
      await machine.sleep(200);
      write(lock.token);
    }
    await lock.release();
  },

  async fixed(node, machine, write) {
    const lock = await node.lock("ledger");
    for (let page = 0; page < 3; page++) {
      await machine.sleep(200);
      lock.signal.throwIfAborted();
      write(lock.token);
    }
    await lock.release();
  },

  async test(world, program) {
    let newest = 0;
    const write = (token: number) => {
      if (token < newest) throw new Error("an owner has written after its successor");
      newest = token;
    };
    await world.join("a", "b", "c", {
      ...QUICK,
      program: (node, machine) => repeat(machine, () => program(node, machine, write)),
    });
    await pauseOften(world, 5);
  },
};
