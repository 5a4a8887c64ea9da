import { type ChildContext, singleton } from "../../mod.ts";
import { any, type Bug, QUICK } from "./bug.ts";

type Program = (context: ChildContext) => { next(): string };

/** The next instance begins with an empty memory, on another host. */
export const forgottenCount: Bug<Program> = {
  title: "a singleton that relies on its memory",

  broken() {
    let count = 0;
    return { next: () => `${++count}` };
  },

  fixed({ token }) {
    let count = 0;
    // The token is greater than that of every earlier instance.
    return { next: () => `${token}.${++count}` };
  },

  async test(world, program) {
    const Tickets = singleton({ id: "tickets", start: program });
    const nodes = await world.join("a", "b", "c", { ...QUICK, hosts: [Tickets] });
    const drawn = new Set<string>();
    let crashed: string | null = null;
    world.setTimeout(() => world.crash(crashed = any(world)), 2_000 * world.random());
    for (let i = 0; i < 20; i++) {
      await world.sleep(200);
      const node = nodes.find(({ id }) => id !== crashed)!;
      const call = node.name("main", Tickets).next();
      const ticket = await Promise.race([call.catch(() => null), world.sleep(5_000)]);
      if (typeof ticket !== "string") continue;
      if (drawn.has(ticket)) throw new Error(`the ticket ${ticket} was drawn twice`);
      drawn.add(ticket);
    }
  },
};
