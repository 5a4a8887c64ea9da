import { findBun, tsx } from "../../tasks/node_modules.ts";
import { deno, root } from "../../tasks/process.ts";
import type { Runtime } from "../../tasks/suites.ts";
import type { Breakage } from "./broken.ts";
import type { Lifeline } from "./lifeline.ts";
import { readLines } from "./lines.ts";
import type { Answer, Event, NumberedOrder, Order } from "./orders.ts";
import { RemoteClock } from "./remote_clock.ts";
import { readWaited } from "./scheduling.ts";

/** Thrown when the process was killed before it answered. */
export class Gone extends Error {
  constructor(id: string) {
    super(`the process of ${id} is gone`);
    this.name = "Gone";
  }
}

/** The parameters of a process. */
export interface RemoteOptions {
  /** The id of its node, and the name of this process: a node may have several, one after the other. */
  readonly id: string;
  readonly name: string;
  readonly runtime: Runtime;
  readonly broken: readonly Breakage[];
  /** The file for its standard error. */
  readonly log: string;
  readonly lifeline: Lifeline;
  /** Called with each event, and the clock of the event's times. */
  readonly onEvent: (event: Event, clock: RemoteClock) => void;
}

/** The outcome of a command, with bounds for its time by the local clock. */
export interface Outcome extends Answer {
  readonly asked: number;
  readonly answered: number;
}

/** The process of a node, as seen by the driver. */
export class Remote {
  readonly id: string;
  /** The name of this process. */
  readonly name: string;
  /** The port on which it listens. */
  readonly listening: Promise<number>;
  /** How it ended. */
  readonly exited: Promise<Deno.CommandStatus>;
  readonly clock: RemoteClock = new RemoteClock();
  readonly #child: Deno.ChildProcess;
  readonly #input: WritableStreamDefaultWriter<Uint8Array>;
  readonly #onEvent: RemoteOptions["onEvent"];
  readonly #waiting = new Map<
    number,
    { asked: number; resolve(outcome: Outcome): void; reject(error: Error): void }
  >();
  #listens!: { resolve(port: number): void; reject(error: Error): void };
  #orders = 0;
  #gone = false;

  private constructor(
    child: Deno.ChildProcess,
    { id, name, lifeline, log, onEvent }: RemoteOptions,
  ) {
    this.id = id;
    this.name = name;
    this.#child = child;
    this.#input = child.stdin.getWriter();
    this.#onEvent = onEvent;
    this.listening = new Promise((resolve, reject) => this.#listens = { resolve, reject });
    this.listening.catch(() => {});
    void lifeline.add(child.pid);
    const output = this.#listen();
    const errors = keep(child.stderr, log);
    this.exited = child.status.then(async (status) => {
      await output;
      await errors;
      this.#leave();
      await lifeline.remove(child.pid);
      return status;
    });
  }

  /** Starts the program of a node in a process of its own. */
  static async start(options: RemoteOptions): Promise<Remote> {
    const [command, args] = await commandFor(options.runtime);
    const child = new Deno.Command(command, {
      args: [...args, ...options.broken],
      cwd: root,
      env: { NO_COLOR: "1" },
      stdin: "piped",
      stdout: "piped",
      stderr: "piped",
    }).spawn();
    return new Remote(child, options);
  }

  /** Resolves to the outcome of `order`; rejects with {@linkcode Gone} if the process ends first. */
  tell(order: Order): Promise<Outcome> {
    if (this.#gone) return Promise.reject(new Gone(this.id));
    const number = ++this.#orders;
    const numbered: NumberedOrder = { number, order };
    const line = new TextEncoder().encode(`${JSON.stringify(numbered)}\n`);
    return new Promise((resolve, reject) => {
      this.#waiting.set(number, { asked: performance.now(), resolve, reject });
      // The end of the process is handled elsewhere.
      this.#input.write(line).catch(() => {});
    });
  }

  /** Time for which it was ready to run but had no processor, in milliseconds. */
  get waited(): number {
    return readWaited(this.#child.pid);
  }

  /** Kills it; resolves when it has ended. */
  async kill(): Promise<void> {
    try {
      this.#child.kill("SIGKILL");
    } catch {
      // It has ended by itself.
    }
    await this.exited;
  }

  /** Closes its standard input: after "close" it must end by itself. */
  async hangUp(): Promise<void> {
    await this.#input.close();
  }

  /** Stops it until {@linkcode go}. */
  stop(): void {
    this.#child.kill("SIGSTOP");
  }

  /** Resumes it. */
  go(): void {
    this.#child.kill("SIGCONT");
  }

  async #listen(): Promise<void> {
    for await (const line of readLines(this.#child.stdout)) {
      const answered = performance.now();
      const message: Answer | Event = JSON.parse(line);
      if ("event" in message) {
        if (message.event === "listening") this.#listens.resolve(message.port);
        this.#onEvent(message, this.clock);
        continue;
      }
      const waiting = this.#waiting.get(message.number)!;
      this.#waiting.delete(message.number);
      this.clock.seen(waiting.asked, message.begun, message.ended, answered);
      waiting.resolve({ ...message, asked: waiting.asked, answered });
    }
  }

  #leave(): void {
    this.#gone = true;
    const gone = new Gone(this.id);
    this.#listens.reject(gone);
    for (const { reject } of this.#waiting.values()) reject(gone);
    this.#waiting.clear();
    this.#input.abort().catch(() => {});
  }
}

const PROGRAM = "tests/chaos/program.ts";

async function commandFor(runtime: Runtime): Promise<[command: string, args: string[]]> {
  switch (runtime) {
    case "deno": {
      const allow = ["--allow-read", "--allow-net=127.0.0.1"];
      return [deno, ["run", "--no-check", "--no-prompt", "--no-lock", ...allow, PROGRAM]];
    }
    case "node":
      return ["node", [`--import=${tsx}`, PROGRAM]];
    case "bun":
      return [await (bun ??= findBun()), ["run", PROGRAM]];
  }
}

let bun: Promise<string> | undefined;

async function keep(stream: ReadableStream<Uint8Array>, path: string): Promise<void> {
  const file = await Deno.open(path, { create: true, append: true });
  await stream.pipeTo(file.writable);
}
