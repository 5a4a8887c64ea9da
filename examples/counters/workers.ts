import type { Calls, FromWorker, ToWorker } from "./messages.ts";

export const MEMBERS: readonly string[] = ["w1", "w2", "w3"];

/** If a worker says nothing for so many milliseconds, something is broken. */
const STANDSTILL = 20_000;

/** The three workers, seen from the main thread. */
export class Workers {
  readonly #workers = new Map(
    MEMBERS.map((id) => [id, new Worker(new URL("./worker.ts", import.meta.url), MODULE)]),
  );

  /** Tells each of those that are left something, and resolves to what they have to say to it. */
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

  /** Ends one of them, in the middle of whatever it does. */
  terminate(id: string): void {
    this.#workers.get(id)?.terminate();
    this.#workers.delete(id);
  }

  /** Ends all of them. */
  [Symbol.dispose](): void {
    for (const id of [...this.#workers.keys()]) this.terminate(id);
  }
}

const MODULE = { type: "module" } as const;

/** The next word of a worker. */
async function next(id: string, worker: Worker): Promise<FromWorker> {
  let standstill: ReturnType<typeof setTimeout> | undefined;
  try {
    return await new Promise((resolve, reject) => {
      worker.onmessage = ({ data }) => resolve(data);
      worker.onerror = (event) => {
        event.preventDefault();
        reject(new Error(`${id} failed: ${event.message}`));
      };
      standstill = setTimeout(() => reject(new Error(`${id} says nothing`)), STANDSTILL);
    });
  } finally {
    clearTimeout(standstill);
  }
}
