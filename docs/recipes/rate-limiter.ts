import { join, singleton } from "@synod/synod";
import { memoryNetwork } from "@synod/synod/transports/memory";

/** A token bucket per key: `perSecond` on average, at most `burst` at once. */
const Limiter = singleton({
  id: "limiter",
  start: (_context, perSecond: number, burst: number) => {
    let [tokens, at] = [burst, performance.now()];
    return {
      /** Milliseconds to wait before the request may be made; 0: now. */
      take(): number {
        const now = performance.now();
        tokens = Math.min(burst, tokens + (now - at) / 1000 * perSecond);
        at = now;
        if (tokens < 1) return Math.ceil((1 - tokens) / perSecond * 1000);
        tokens--;
        return 0;
      },
    };
  },
});

const members = ["w1", "w2", "w3"];
const network = memoryNetwork();
const nodes = await Promise.all(
  members.map((id) => join({ id, members, transport: network.transport(), hosts: [Limiter] })),
);

const waits: number[] = [];
for (let i = 0; i < 9; i++) {
  waits.push(await nodes[i % 3].name("api.example", Limiter, 0.1, 5).take());
}
console.log("at once:", waits.filter((wait) => wait === 0).length);
console.log("have to wait:", waits.filter((wait) => wait > 0).length);

await Promise.all(nodes.map((node) => node.close()));
