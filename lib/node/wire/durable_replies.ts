import type { Life } from "../../paxos/ballot.ts";
import type { Reply } from "../../paxos/messages.ts";

/** What tells when something is on a disk. */
export interface Durability {
  /** Calls `callback` once all that was decided until now is durable: at once, if it is. */
  whenDurable(callback: () => void): void;
}

/** Holds the replies of a member with storage until all that they depend on is on its disk. */
export class DurableReplies {
  readonly #disk: Durability;
  readonly #send: (to: string, life: Life, reply: Reply) => void;
  /** The number of times that what waited was dropped. */
  #dropped = 0;

  /** `send` is called with each reply. */
  constructor(disk: Durability, send: (to: string, life: Life, reply: Reply) => void) {
    this.#disk = disk;
    this.#send = send;
  }

  /** Sends a reply once what was decided until now is durable. */
  reply(to: string, life: Life, reply: Reply): void {
    const dropped = this.#dropped;
    this.#disk.whenDurable(() => {
      if (dropped === this.#dropped) this.#send(to, life, reply);
    });
  }

  /** Drops what waits: the life in whose name it was said is over. */
  clear(): void {
    this.#dropped++;
  }
}
