import { join, singleton } from "@synod/synod";
import { memoryNetwork } from "@synod/synod/transports/memory";

let loads = 0;
async function load(name: string): Promise<string> {
  loads++;
  await new Promise((resolve) => setTimeout(resolve, 20));
  return `the page of ${name}`;
}

/** One instance per cached value: it loads once, however many ask, and is gone after a while. */
const Cached = singleton({
  id: "cached",
  start: (context, lifetime: number) => {
    const value = load(String(context.key)); // a failure ends the instance; the next call tries again
    value.catch(() => context.exit());
    const timer = setTimeout(() => context.exit(), lifetime);
    context.signal.addEventListener("abort", () => clearTimeout(timer));
    return { get: () => value };
  },
  concurrent: true, // calls wait for the value, not for each other
});

const members = ["w1", "w2", "w3"];
const network = memoryNetwork();
const nodes = await Promise.all(
  members.map((id) => join({ id, members, transport: network.transport(), hosts: [Cached] })),
);

const asked = Array.from({ length: 30 }, (_, i) => nodes[i % 3].name("ada", Cached, 60_000).get());
console.log(new Set(await Promise.all(asked)), `loaded ${loads} time`);

await Promise.all(nodes.map((node) => node.close()));
