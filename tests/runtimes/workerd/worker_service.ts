import { bundle } from "../../../tasks/bundle.ts";
import { startWorkerd, type Workerd } from "../../../tasks/workerd.ts";

/** Limit for an answer, in milliseconds. */
const LIMIT = 30_000;

/** A worker of this folder, bundled once and started repeatedly. */
export class WorkerService implements AsyncDisposable {
  /** Where the worker and its configuration are. */
  readonly folder: string;
  #running: Workerd | null = null;

  private constructor(folder: string) {
    this.folder = folder;
  }

  /** Bundles `NAME_worker.ts`, for the configuration `NAME.capnp`. */
  static async bundle(name: string): Promise<WorkerService> {
    const folder = await Deno.makeTempDir({ prefix: "synod-workerd-" });
    const file = (name: string) => decodeURIComponent(new URL(name, import.meta.url).pathname);
    await bundle(file(`${name}_worker.ts`), `${folder}/worker.js`);
    await Deno.copyFile(file(`${name}.capnp`), `${folder}/config.capnp`);
    return new WorkerService(folder);
  }

  /** Starts it; returns its port. */
  async start(env: Readonly<Record<string, string>>): Promise<number> {
    await this.stop();
    this.#running = await startWorkerd(`${this.folder}/config.capnp`, env);
    return this.#running.port;
  }

  /** Ends its process, which loses its memory. */
  async stop(): Promise<void> {
    await this.#running?.stop();
    this.#running = null;
  }

  /** The answer of the worker, as JSON. */
  async ask(method: "GET" | "POST", path: string): Promise<unknown> {
    const url = `http://127.0.0.1:${this.#running?.port}${path}`;
    const response = await fetch(url, { method, signal: AbortSignal.timeout(LIMIT) });
    const text = await response.text();
    if (!response.ok) throw new Error(`${method} ${path}: status ${response.status}: ${text}`);
    return JSON.parse(text);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
    await Deno.remove(this.folder, { recursive: true });
  }
}
