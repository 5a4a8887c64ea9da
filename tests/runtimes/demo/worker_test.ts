import { afterEach, describe, it } from "@std/testing/bdd";
import { ClaimsLog } from "../../../examples/demo/claims_log.ts";
import type { FromWorker, ToWorker } from "../../../examples/demo/messages.ts";
import { MEMBERS } from "../../../examples/demo/race.ts";
import { within } from "../../support/wait.ts";

/** Longest wait for a worker that has to load, join and process one line, in milliseconds. */
const PATIENCE = 15_000;

/** A worker of the demo, and the types of the messages that came from it. */
class Thread {
  readonly #worker = new Worker(new URL("../../../examples/demo/worker.ts", import.meta.url), {
    type: "module",
  });
  readonly #came = new Set<string>();
  #wake = () => {};

  constructor() {
    this.#worker.onmessage = ({ data }: MessageEvent<FromWorker>) => {
      this.#came.add(data.type);
      this.#wake();
    };
  }

  start(self: number, again: boolean): void {
    const log = ClaimsLog.withCapacity(100).memory;
    const setup = { members: MEMBERS, self, lines: ["the only line"], shared: 1, again, log };
    this.post({ type: "start", setup });
  }

  post(message: ToWorker): void {
    this.#worker.postMessage(message);
  }

  /** Resolves when a message of this type has come. */
  async came(type: FromWorker["type"]): Promise<void> {
    const wait = async () => {
      while (!this.#came.has(type)) await new Promise<void>((resolve) => this.#wake = resolve);
    };
    await within(wait(), `"${type}" of a worker`, PATIENCE);
  }

  terminate(): void {
    this.#worker.terminate();
  }
}

describe("examples/demo/worker.ts", () => {
  const threads: Thread[] = [];

  afterEach(() => {
    for (const thread of threads.splice(0)) thread.terminate();
  });

  function start(self: number, again = false): Thread {
    const thread = new Thread();
    threads.push(thread);
    thread.start(self, again);
    return thread;
  }

  it("stays in the cluster when it hears that all are back after it has finished", async () => {
    const [first, second, lost] = MEMBERS.map((_, self) => start(self));
    for (const thread of threads) await thread.came("joined");
    for (const thread of threads) thread.post({ type: "go" });
    for (const thread of threads) await thread.came("finished");
    lost.terminate();
    for (const thread of [first, second]) thread.post({ type: "complete" });
    // It can come back only with the help of the others.
    const back = start(MEMBERS.indexOf("w3"), true);
    await back.came("joined");
    back.post({ type: "go" });
    back.post({ type: "complete" });
    await back.came("finished");
  });
});
