import { join } from "/work/main/mod.ts";
import { memoryNetwork } from "/work/main/transports/memory.ts";
const members = ["m1", "m2", "m3"];
const net = memoryNetwork();
const nodes = await Promise.all(
  members.map((id) => join({ id, members, transport: net.transport() } as never)),
);
await Promise.all(nodes.map((n) => n.ready));
const node = nodes[0];
const what = (globalThis as any).process?.argv?.[2] ?? "exit";
const count = Number((globalThis as any).process?.argv?.[3] ?? 10000);
async function run(n: number) {
  if (what === "exit") {
    const ps = [];
    for (let i = 0; i < n; i++) {
      const p = node.spawn();
      ps.push(p);
      await node.kv.put(crypto.randomUUID(), i, { pid: p });
    }
    const t = performance.now();
    const c = process.cpuUsage();
    for (const p of ps) await p.exit();
    const d = process.cpuUsage(c);
    console.log(
      what,
      ((performance.now() - t) / n * 1000).toFixed(1),
      "us/op; cpu",
      ((d.user + d.system) / n).toFixed(1),
    );
  } else {
    const keys = Array.from({ length: n }, (_, i) => "k" + crypto.randomUUID());
    const t = performance.now();
    const c = process.cpuUsage();
    for (const k of keys) await node.kv.put(k, 1);
    const d = process.cpuUsage(c);
    console.log(
      what,
      ((performance.now() - t) / n * 1000).toFixed(1),
      "us/op; cpu",
      ((d.user + d.system) / n).toFixed(1),
    );
  }
}
for (let i = 0; i < 4; i++) await run(count);
for (const n of nodes) await n.close();
