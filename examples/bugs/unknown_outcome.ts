import type { ClusterNode } from "../../mod.ts";
import { type Bug, QUICK } from "./bug.ts";

type Program = (node: ClusterNode) => Promise<"placed" | "failed">;

/** A put that finds no quorum in time may have taken effect, or may do so later. */
export const unknownOutcome: Bug<Program> = {
  title: "takes an unknown outcome for a failure",

  async broken(node) {
    const put = await node.kv.put("order/1", node.id);
    return put.ok ? "placed" : "failed";
  },

  async fixed(node) {
    const put = await node.kv.put("order/1", node.id, { noQuorum: "retry" });
    return put.ok ? "placed" : "failed";
  },

  async test(world, program) {
    const [a, b] = await world.join("a", "b", "c", QUICK);
    await a.ready;
    world.setTimeout(() => world.partition(["a"], ["b", "c"]), 1 + 5 * world.random());
    world.setTimeout(() => world.heal(), 5_000);
    const outcome = await program(a);
    await world.sleep(10_000);
    const { ok } = await b.kv.get("order/1");
    if (ok && outcome === "failed") throw new Error("an order that has failed is there");
  },
};
