import type { Command, Outcome } from "./member.ts";
import type { Waiter } from "./waiter.ts";

/** A member in another thread or process, which executes commands and waits for locks there. */
export class Peer<Setup> implements Waiter {
  readonly #tell: (command: Command<Setup>) => Promise<Outcome>;

  /** `tell` sends the member a command, and resolves when it is done. */
  constructor(tell: (command: Command<Setup>) => Promise<Outcome>) {
    this.#tell = tell;
  }

  /** Resolves when it has a session. */
  async join(setup: Setup): Promise<void> {
    await this.#tell({ do: "join", setup });
  }

  async ask(keys: readonly string[]): Promise<void> {
    await this.#tell({ do: "ask", keys });
  }

  async granted(): Promise<number[]> {
    return [...await this.#tell({ do: "granted" })];
  }

  async release(): Promise<void> {
    await this.#tell({ do: "release" });
  }

  async contend(key: string, contenders: number, times: number): Promise<number[]> {
    return [...await this.#tell({ do: "contend", key, contenders, times })];
  }

  /** Leaves the cluster. */
  async close(): Promise<void> {
    await this.#tell({ do: "close" });
  }
}
