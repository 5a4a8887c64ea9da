import { join } from "../mod.ts";
import { broadcastChannel } from "../transports/broadcast_channel.ts";
const abs = () => performance.timeOrigin + performance.now();
const name = crypto.randomUUID();
const ws = ["m2", "m3"].map((id) => {
  const w = new Worker(new URL("./wk.ts", import.meta.url), { type: "module" });
  w.postMessage({ cmd: "join", id, name });
  return w;
});
const msg = (w: Worker) => new Promise<any>((r) => w.onmessage = ({ data }) => r(data));
const readies = ws.map(msg);
const inner = broadcastChannel(name);
let ev: [string, number][] = [];
const t = {
  open(self: string, receive: any) {
    return inner.open(self, (from: string, f: Uint8Array) => {
      ev.push(["r" + from, abs()]);
      receive(from, f);
      ev.push(["h" + from, abs()]);
    });
  },
  send(to: string, f: Uint8Array) {
    ev.push(["s" + to, abs()]);
    inner.send(to, f);
  },
  close() {
    return inner.close();
  },
};
const node = await join({ id: "m1", members: ["m1", "m2", "m3"], transport: t } as never);
await Promise.all([node.ready, ...readies]);
const mode = Deno.args[0] ?? "exit";
const runs: any[] = [];
for (let k = 0; k < 6; k++) {
  const N = 8000;
  const ps: any[] = [];
  if (mode === "exit") {
    for (let i = 0; i < N; i++) {
      const p = node.spawn();
      ps.push(p);
      await node.kv.put(crypto.randomUUID(), i, { pid: p });
    }
  }
  await new Promise((r) => setTimeout(r, 300));
  for (const w of ws) {
    const m = msg(w);
    w.postMessage({ cmd: "log" });
    await m;
  }
  runs.length = 0;
  for (let i = 0; i < N; i++) {
    ev = [];
    const a = abs();
    if (mode === "exit") await ps[i].exit();
    else if (mode === "put") await node.kv.put(crypto.randomUUID(), 1);
    const b = abs();
    runs.push({ a, b, ev });
  }
  const logs: number[][][] = [];
  for (const w of ws) {
    const m = msg(w);
    w.postMessage({ cmd: "log" });
    logs.push(await m);
  }
  const med = (x: number[]) => x.sort((p, q) => p - q)[x.length >> 1];
  const us = (x: number) => (x * 1000).toFixed(0);
  // timeline medians
  const first = (e: any[], c: string) => e.find(([n]) => n.startsWith(c))?.[1];
  console.log(
    "total",
    us(med(runs.map((r) => r.b - r.a))),
    "to first send",
    us(med(runs.map((r) => first(r.ev, "s") - r.a))),
    "to first reply recv",
    us(med(runs.map((r) => (first(r.ev, "r") ?? NaN) - r.a).filter((x) => x === x))),
    "sends/op",
    runs.reduce((s, r) => s + r.ev.filter(([n]: any) => n[0] === "s").length, 0) / N,
    "recv/op",
    runs.reduce((s, r) => s + r.ev.filter(([n]: any) => n[0] === "r").length, 0) / N,
  );
  // worker: latency from main's first send to worker recv
  const L = logs.map((l) => {
    const d: number[] = [], h: number[] = [], s: number[] = [];
    let j = 0;
    for (const r of runs) {
      const t0 = first(r.ev, "s");
      while (j < l.length && l[j][0] < t0) j++;
      if (j < l.length && l[j][0] < r.b + 5) {
        d.push(l[j][0] - t0);
        h.push(l[j][1] - l[j][0]);
        s.push(l[j][2] - l[j][0]);
      }
    }
    return `recv after ${us(med(d))}, handled in ${us(med(h))}, sent after ${
      us(med(s.filter((x) => x > 0)))
    }, frames ${l.length}`;
  });
  console.log("  ", L.join(" | "));
  const rep = runs.map((r) => {
    const f = r.ev.find(([n]: any) => n[0] === "r");
    const g = r.ev.find(([n]: any) => n[0] === "h");
    return f && g ? [g[1] - f[1], r.b - g[1]] : null;
  }).filter(Boolean) as number[][];
  console.log(
    "  main handles reply in",
    us(med(rep.map((x) => x[0]))),
    "then resolves after",
    us(med(rep.map((x) => x[1]))),
  );
}
await node.close();
for (const w of ws) w.terminate();
Deno.exit(0);
