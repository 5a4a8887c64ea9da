/**
 * Starts and stops the processes of the instances, in place of a service manager.
 *
 * @module
 */
import { root } from "../../tasks/process.ts";
import { programFor } from "../../tasks/program.ts";
import type { Runtime } from "../../tasks/suites.ts";

/** Limit for an instance to become ready, or to end, in milliseconds. */
const PATIENCE = 20_000;

/** Interval at which a starting instance is asked whether it is ready, in milliseconds. */
const INTERVAL = 50;

/** The permissions of an instance in Deno. */
const PERMISSIONS = ["--allow-net=127.0.0.1", "--allow-env=INSTANCE,PORT,PEERS,SECRET"];

interface Place {
  readonly runtime: Runtime;
  readonly port: number;
}

/** The instances on this machine, each on its own port. */
export class Instances {
  readonly #places: ReadonlyMap<string, Place>;
  readonly #secret = crypto.randomUUID();
  readonly #processes = new Map<string, Deno.ChildProcess>();

  /** `w1`, `w2` and so on, in these runtimes, on consecutive ports from `port`. None is started yet. */
  constructor(runtimes: readonly Runtime[], port: number) {
    this.#places = new Map(
      runtimes.map((runtime, index) => [`w${index + 1}`, { runtime, port: port + index }]),
    );
  }

  /** The ids of all of them. */
  get ids(): string[] {
    return [...this.#places.keys()];
  }

  /** The address of one of them. */
  url(id: string): string {
    return `http://127.0.0.1:${this.#places.get(id)!.port}`;
  }

  /** The runtime of one of them. */
  runtime(id: string): Runtime {
    return this.#places.get(id)!.runtime;
  }

  /** Starts these instances, and waits until they have a quorum. */
  async start(...ids: string[]): Promise<void> {
    for (const id of ids) this.#processes.set(id, await this.#spawn(id));
    await Promise.all(ids.map((id) => this.#ready(id)));
  }

  /** Kills one of them, without warning. */
  async kill(id: string): Promise<void> {
    const process = this.#processes.get(id)!;
    this.#processes.delete(id);
    signal(process, "SIGKILL");
    await process.status;
  }

  /** Tells all running instances to end, and waits; returns those that failed to end well. */
  async stop(): Promise<string[]> {
    const bad: string[] = [];
    await Promise.all(Array.from(this.#processes, async ([id, process]) => {
      signal(process, "SIGTERM");
      const late = setTimeout(() => signal(process, "SIGKILL"), PATIENCE);
      if (!(await process.status).success) bad.push(id);
      clearTimeout(late);
    }));
    this.#processes.clear();
    return bad;
  }

  async #spawn(id: string): Promise<Deno.ChildProcess> {
    const { runtime, port } = this.#places.get(id)!;
    const path = decodeURIComponent(new URL(`./${runtime}.ts`, import.meta.url).pathname);
    const [command, ...args] = await programFor(runtime, path, PERMISSIONS);
    const peers = Object.fromEntries(this.ids.map((id) => [id, this.url(id)]));
    const env = {
      INSTANCE: id,
      PORT: `${port}`,
      PEERS: JSON.stringify(peers),
      SECRET: this.#secret,
    };
    const streams = { stdin: "null", stdout: "null", stderr: "inherit" } as const;
    return new Deno.Command(command, { args, cwd: root, env, ...streams }).spawn();
  }

  async #ready(id: string): Promise<void> {
    const process = this.#processes.get(id)!;
    let ended = false;
    process.status.then(() => ended = true);
    const begun = performance.now();
    while (!await isReady(this.url(id))) {
      if (ended) throw new Error(`${id} has ended`);
      if (performance.now() - begun > PATIENCE) throw new Error(`${id} is not ready`);
      await new Promise((resolve) => setTimeout(resolve, INTERVAL));
    }
  }
}

function signal(process: Deno.ChildProcess, name: Deno.Signal): void {
  try {
    process.kill(name);
  } catch {
    // It has ended already.
  }
}

async function isReady(url: string): Promise<boolean> {
  try {
    const response = await fetch(`${url}/status`);
    await response.body?.cancel();
    return response.ok;
  } catch {
    return false; // it does not listen yet
  }
}
