import type { ClusterNode } from "../../mod.ts";
import { type Bug, QUICK } from "./bug.ts";

type Program = (node: ClusterNode) => Promise<string>;

/** Without a quorum there is no answer, which is not the answer that there is no value. */
export const hastyRead: Bug<Program> = {
  title: "reads before its node is ready, and takes no answer for no value",

  async broken(node) {
    const mode = await node.kv.get<string>("mode");
    return mode.ok ? mode.value : "default";
  },

  async fixed(node) {
    await node.ready;
    const mode = await node.kv.get<string>("mode", { noQuorum: "retry" });
    return mode.ok ? mode.value : "default";
  },

  async test(world, program) {
    const [a] = await world.join("a", "b", "c", QUICK);
    await a.kv.put("mode", "careful", { noQuorum: "retry" });
    world.crash("c");
    const pause = 3_000 * world.random();
    if (world.random() < 0.2) { for (const id of ["a", "b"]) world.pause(id, pause); }
    const mode = await program(await world.restart("c"));
    if (mode !== "careful") throw new Error(`it works in the mode ${mode}`);
  },
};
