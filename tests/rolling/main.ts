/**
 * Restarts all members of a cluster under load, one after the other: three processes over WebSocket, each of which
 * hosts the singletons; two clients in this process use them.
 *
 *     deno task rolling [--rounds N] [--calls N] [--contenders N] [--pause MS] [--timeout MS]
 *
 * Prints how many operations there were, how many failed, and how long they took. Exits with 1 if one has failed.
 *
 * @module
 */
import { join } from "../../mod.ts";
import { webSocket } from "../../transports/websocket.ts";
import { type Amount, type Experience, Load } from "./load.ts";
import { type Peers, SECRET } from "./shared.ts";

const MEMBERS = ["w1", "w2", "w3"];

/** A member's process. */
class Member {
  readonly id: string;
  readonly #urls: Peers;
  #child: Deno.ChildProcess | undefined;
  #lines: ReadableStreamDefaultReader<string> | undefined;

  constructor(id: string, urls: Peers) {
    this.id = id;
    this.#urls = urls;
  }

  start(): void {
    const program = decodeURIComponent(new URL("./member.ts", import.meta.url).pathname);
    const map = decodeURIComponent(new URL("../offline/import_map.json", import.meta.url).pathname);
    const flags = ["run", "--no-check", "--no-lock", "--allow-read", "--allow-net=127.0.0.1"];
    const child = this.#child = new Deno.Command(Deno.execPath(), {
      args: [
        ...[...flags, "--import-map", map, program],
        ...[this.id, JSON.stringify(this.#urls), `${timeout}`],
      ],
      stdin: "piped",
      stdout: "piped",
    }).spawn();
    this.#lines = child.stdout.pipeThrough(new TextDecoderStream()).getReader();
  }

  /** Waits for a line that begins with `word`; returns the rest of it. */
  async line(word: string): Promise<string> {
    for (;;) {
      const { value, done } = await this.#lines!.read();
      if (done) throw new Error(`${this.id} has ended without "${word}"`);
      const line = value.split("\n").find((line) => line.startsWith(word));
      if (line !== undefined) return line.slice(word.length + 1);
    }
  }

  /** Has it leave; returns how long `close()` took, in milliseconds. */
  async leave(): Promise<number> {
    const child = this.#child!;
    const writer = child.stdin.getWriter();
    await writer.write(new Uint8Array([1]));
    const took = Number(await this.line("left"));
    await writer.close();
    await child.status;
    return took;
  }

  kill(): void {
    try {
      this.#child?.kill("SIGKILL");
    } catch {
      // It has ended.
    }
  }
}

function freePorts(count: number): number[] {
  const listeners = Array.from(
    { length: count },
    () => Deno.listen({ hostname: "127.0.0.1", port: 0 }),
  );
  const ports = listeners.map(({ addr }) => (addr as Deno.NetAddr).port);
  for (const listener of listeners) listener.close();
  return ports;
}

function option(name: string, otherwise: number): number {
  const index = Deno.args.indexOf(`--${name}`);
  const value = index < 0 ? otherwise : Number(Deno.args[index + 1]);
  if (!(value >= 0)) throw new TypeError(`--${name} takes a number`);
  return value;
}

const pause = (time: number) => new Promise((resolve) => setTimeout(resolve, time));

function show(name: string, { done, failed, times }: Experience): string {
  const sorted = times.toSorted((a, b) => a - b);
  const at = (share: number) => (sorted[Math.floor(share * (sorted.length - 1))] ?? 0).toFixed(1);
  const errors = Object.entries(failed).map(([code, count]) => `${count} ${code}`).join(", ");
  return `${name.padEnd(6)} ${`${done}`.padStart(7)} done, failed: ${errors || "none"}; ` +
    `p50 ${at(0.5)} ms, p99 ${at(0.99)} ms, longest ${at(1)} ms`;
}

const rounds = option("rounds", 1);
const between = option("pause", 1_000);
const calls = option("calls", 500);
const contenders = option("contenders", 8);
// The default of nodes.
const timeout = option("timeout", 2_000);
const amount: Amount = { singletons: 100, calls, contenders, puts: calls / 10 };
const ports = freePorts(MEMBERS.length);
const urls = Object.fromEntries(
  MEMBERS.map((id, index) => [id, `ws://127.0.0.1:${ports[index]}/synod`]),
);
const members = MEMBERS.map((id) => new Member(id, urls));
try {
  for (const member of members) member.start();
  await Promise.all(members.map((member) => member.line("ready")));
  const nodes = await Promise.all(
    ["c1", "c2"].map((id) =>
      join({ id, members: MEMBERS, timeout, transport: webSocket({ peers: urls, secret: SECRET }) })
    ),
  );
  await Promise.all(nodes.map((node) => node.ready));
  // Not under load yet: everything is started once, and compiled.
  const warm = new Load(nodes, { ...amount, calls: 200 });
  await pause(1_000);
  await warm.end();

  const load = new Load(nodes, amount);
  await pause(between);
  const closes: number[] = [];
  for (let round = 0; round < rounds; round++) {
    for (const member of members) {
      closes.push(await member.leave());
      member.start();
      await member.line("ready");
      await pause(between);
    }
  }
  await load.end();
  console.log(show("calls", load.calls));
  console.log(show("locks", load.locks));
  console.log(show("puts", load.puts));
  console.log(`close() took ${closes.map((time) => `${Math.round(time)}`).join(", ")} ms`);
  for (const { messages } of [load.calls, load.locks, load.puts]) {
    for (const message of [...messages].slice(0, 5)) console.log(`  ${message}`);
  }
  const failures = [load.calls, load.locks, load.puts].map(({ failed }) =>
    Object.keys(failed).length
  );
  if (failures.some((count) => count > 0)) Deno.exitCode = 1;
  await Promise.all(nodes.map((node) => node.close()));
  await Promise.all(members.map((member) => member.leave()));
} finally {
  for (const member of members) member.kill();
}
