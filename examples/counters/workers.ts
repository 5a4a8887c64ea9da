import type { Calls, FromWorker, ToWorker } from "./messages.ts";

export const MEMBERS: readonly string[] = ["w1", "w2", "w3"];

/** Limit for the answer of a worker, in milliseconds; a longer silence is a failure. */
const STANDSTILL = 20_000;

/** The three workers, seen from the main thread. */
export class Workers {
  readonly #workers = new Map(
    MEMBERS.map((id) => [id, new Worker(new URL("./worker.ts", import.meta.url), MODULE)]),
  );

  /** Sends a message to each worker that is left, and resolves to their answers. */
  async all(
    tell: (self: number) => ToWorker,
    counting: (id: string) => void = () => {},
  ): Promise<Calls[]> {
    const said = await Promise.all(Array.from(this.#workers, async ([id, worker]) => {
      worker.postMessage(tell(MEMBERS.indexOf(id)));
      for (;;) {
        const message = await next(id, worker);
        if (message.type !== "counting") return message;
        counting(id);
      }
    }));
    return said.flatMap((message) => message.type === "counted" ? [message.calls] : []);
  }

  /** Terminates one of them, without warning. */
  terminate(id: string): void {
    this.#workers.get(id)?.terminate();
    this.#workers.delete(id);
  }

  /** Terminates all of them. */
  [Symbol.dispose](): void {
    for (const id of [...this.#workers.keys()]) this.terminate(id);
  }
}

const MODULE = { type: "module" } as const;

/** The next message of a worker. */
async function next(id: string, worker: Worker): Promise<FromWorker> {
  let standstill: ReturnType<typeof setTimeout> | undefined;
  try {
    return await new Promise((resolve, reject) => {
      worker.onmessage = ({ data }) => resolve(data);
      worker.onerror = (event) => {
        event.preventDefault();
        reject(new Error(`${id} failed: ${event.message}`));
      };
      standstill = setTimeout(() => reject(new Error(`${id} did not answer in time`)), STANDSTILL);
    });
  } finally {
    clearTimeout(standstill);
  }
}
