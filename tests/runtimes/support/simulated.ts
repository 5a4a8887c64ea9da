import { simulate, type SimulationReport } from "../../../testing/mod.ts";

/** One of everything, in one simulation: what it comes to is the same in every runtime. */
export function simulated(seed: number): Promise<SimulationReport<unknown>> {
  const options = { seed, members: ["a", "b", "c"], storage: true };
  return simulate(options, async (world) => {
    world.setNetwork({ loss: 0.02, duplicate: 0.02, tail: 0.02, slowLinks: 0.2 });
    const seen: unknown[] = [];
    const nodes = await world.join("a", "b", "c", {
      clients: true,
      guests: {},
      hosts: [{ id: "counter", start: () => counter() }],
      program: async (node, machine) => {
        for (let i = 0;; i++) {
          await node.lock("door", { timeout: 10_000 }).then(async (lock) => {
            seen.push([node.id, lock.token, Date.now()]);
            await machine.sleep(1_000 * Math.random());
            await lock.release();
          }, (error) => seen.push([node.id, error.name]));
          await node.kv.put(`${node.id}/${i}`, { i, text: "ä€𝄞", float: i / 3 });
          await machine.sleep(500);
        }
      },
    });
    const guest = await world.connect("tab");
    await Promise.all([guest, ...nodes].map(({ ready }) => ready));
    await guest.kv.put("from the guest", [new Date(), 2n ** 70n]);
    world.partition(["a"], ["b", "c", "~tab"]);
    await world.sleep(8_000);
    world.heal();
    world.pause("b", 7_000);
    await new Promise((resolve) => setTimeout(resolve, 10_000));
    world.crash("c");
    const digest = await crypto.subtle.digest("SHA-256", new Uint8Array(3));
    seen.push(new Uint8Array(digest)[0], crypto.randomUUID());
    await world.restart("c");
    await world.sleep(10_000);
    world.note(JSON.stringify(seen));
    return seen;
  });
}

function counter() {
  let count = 0;
  return { next: () => ++count };
}
