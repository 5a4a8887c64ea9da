import type { ClusterNode } from "../../mod.ts";
import { type Bug, QUICK } from "./bug.ts";

type Program = (node: ClusterNode) => Promise<boolean>;

/** A put returns the value that the key has: that of the first put. */
export const ownValue: Bug<Program> = {
  title: "believes that the value of its put is the value of the key",

  async broken(node) {
    const put = await node.kv.put("leader", node.id);
    return put.ok;
  },

  async fixed(node) {
    const put = await node.kv.put("leader", node.id);
    return put.ok && put.value === node.id;
  },

  async test(world, program) {
    const nodes = await world.join("a", "b", "c", QUICK);
    await Promise.all(nodes.map(({ ready }) => ready));
    const leads = await Promise.all(nodes.map(program));
    if (leads.filter(Boolean).length > 1) throw new Error("two of them lead");
  },
};
