import { findBun, findNode, nodeImports } from "../../tasks/node_modules.ts";
import { deno, run } from "../../tasks/process.ts";
import type { Program } from "../../tasks/program.ts";
import { type Figures, figuresOf, withGaveUp } from "../figures.ts";
import { Driver } from "./driver.ts";
import { type Servers, startEtcd, startRedis } from "./servers.ts";
import type { Measured } from "./subject.ts";

/** Processes that contend for one lock, whatever the number of members. */
const CONTENDING = 3;

/** The name of a system that can be measured. */
export type SystemName =
  | "Synod, Node"
  | "Synod, Deno"
  | "Synod, Bun"
  | "Synod, SQLite"
  | "etcd"
  | "redlock";

/** The names of all systems. With SQLite each member has a file, in Node, beside those of etcd. */
export const SYSTEMS: readonly SystemName[] = [
  "Synod, Node",
  "Synod, Deno",
  "Synod, Bun",
  "Synod, SQLite",
  "etcd",
  "redlock",
];

/** A system that runs, with its processes. */
export class System {
  readonly name: SystemName;
  readonly #drivers: readonly Driver[];
  readonly #servers: Servers | null;
  readonly #does: readonly Measured[];

  private constructor(
    name: SystemName,
    drivers: readonly Driver[],
    servers: Servers | null,
    does: readonly Measured[],
  ) {
    this.name = name;
    this.#drivers = drivers;
    this.#servers = servers;
    this.#does = does;
  }

  /** Starts it with `members` members or servers; `folder` is for their files. */
  static async start(name: SystemName, members: number, folder: string): Promise<System> {
    const program = await programOf(name);
    const servers = await serversOf(name, members, folder);
    // Members are processes that take part; clients of servers are as many as contend.
    const count = servers === null ? members : CONTENDING;
    const drivers = Array.from({ length: count }, () => new Driver(program));
    try {
      const own = await Promise.all(drivers.map((driver) => driver.address()));
      const addresses = servers?.addresses ?? own.map((address) => `${address}`);
      const files = name === "Synod, SQLite" ? { folder } : {};
      const does = await Promise.all(
        drivers.map((driver, index) => driver.open({ index, addresses, ...files })),
      );
      return new System(name, drivers, servers, does[0]);
    } catch (error) {
      for (const driver of drivers) driver.kill();
      await servers?.close();
      throw error;
    }
  }

  /** Whether it has this operation. */
  can(row: Measured | "contend"): boolean {
    return this.#does.includes(row === "contend" ? "lock" : row);
  }

  /** Measures a row in the first process, with values of `valueSize` characters; `contend`, in three. */
  async measure(
    row: Measured | "contend",
    count: number,
    concurrency: number,
    valueSize?: number,
  ): Promise<Figures> {
    if (row !== "contend") {
      return await this.#drivers[0].measure(row, count, concurrency, valueSize);
    }
    const key = crypto.randomUUID();
    const times = Math.ceil(count / concurrency);
    const contended = await Promise.all(
      this.#drivers.slice(0, CONTENDING).map((driver, index) =>
        driver.contend(key, Math.ceil((concurrency - index) / CONTENDING), times)
      ),
    );
    const order = contended.flatMap(({ granted }) => granted).sort((a, b) => a - b);
    const intervals = order.slice(1).map((at, index) => at - order[index]);
    const gaveUp = contended.reduce((sum, one) => sum + one.gaveUp, 0);
    return withGaveUp(figuresOf(intervals, order.at(-1)! - order[0]), gaveUp);
  }

  async close(): Promise<void> {
    await Promise.all(this.#drivers.map((driver) => driver.close()));
    await this.#servers?.close();
  }
}

/** What has to be installed before `name` can be measured; `null`: nothing. */
export async function missingFor(name: SystemName): Promise<string | null> {
  const needs = { "etcd": ["etcd", "etcd-server"], "redlock": ["redis-server", "redis-server"] };
  if (!(name in needs)) return null;
  const [program, debian] = needs[name as keyof typeof needs];
  try {
    await run(program, ["--version"]);
  } catch {
    return `${program} is not on the PATH (Debian: apt-get install ${debian})`;
  }
  try {
    await Deno.stat(
      new URL(`node_modules/${name === "etcd" ? "etcd3" : "redlock"}`, import.meta.url),
    );
  } catch {
    return "its client is not installed (npm ci --prefix bench/peers)";
  }
  return null;
}

async function programOf(name: SystemName): Promise<Program> {
  const file = name.startsWith("Synod") ? "synod" : name;
  const path = decodeURIComponent(new URL(`${file}_program.ts`, import.meta.url).pathname);
  switch (name) {
    case "Synod, Deno":
      return [
        deno,
        "run",
        "--no-check",
        "--no-prompt",
        "--no-lock",
        "--allow-read",
        "--allow-net=127.0.0.1",
        path,
      ];
    case "Synod, Bun":
      return [await findBun(), "run", path];
    default:
      return [await findNode(24), `--import=${nodeImports}`, path];
  }
}

async function serversOf(
  name: SystemName,
  members: number,
  folder: string,
): Promise<Servers | null> {
  if (name === "etcd") return await startEtcd(members, folder);
  if (name === "redlock") return await startRedis(members, folder);
  return null;
}
