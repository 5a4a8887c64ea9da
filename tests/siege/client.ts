import { type ClusterNode, join } from "../../mod.ts";
import { webSocket } from "../../transports/websocket.ts";
import { SECRET } from "../transports/support/networks.ts";
import { turn } from "../support/wait.ts";
import { type Besieged, SERVER } from "./besieged.ts";

/** The outcomes of its puts. */
export interface Puts {
  readonly done: number;
  readonly failed: number;
  /** The longest duration of a put, in milliseconds. */
  readonly longest: number;
}

/** Pause between two puts, in milliseconds. */
const PAUSE = 20;

/** An honest client that puts one value after the other. */
export class Client {
  /** Number of sessions that it lost. */
  lost = 0;
  readonly #node: ClusterNode;
  #puts = { done: 0, failed: 0, longest: 0 };
  #going = true;
  #work: Promise<void>;

  private constructor(node: ClusterNode) {
    this.#node = node;
    node.addEventListener("sessionlost", () => void this.lost++);
    this.#work = this.#putOn();
  }

  /** Joins, and starts to put. */
  static async start(server: Besieged): Promise<Client> {
    const transport = webSocket({ secret: SECRET, peers: { [SERVER]: server.at.url("ws") } });
    const node = await join({ id: "client", members: [SERVER], transport, sessionTtl: 5000 });
    await node.ready;
    return new Client(node);
  }

  /** The outcomes of the puts that have ended since the last call. */
  take(): Puts {
    const puts = this.#puts;
    this.#puts = { done: 0, failed: 0, longest: 0 };
    return puts;
  }

  /** Stops after the current put. */
  async close(): Promise<void> {
    this.#going = false;
    await this.#work;
    await this.#node.close();
  }

  async #putOn(): Promise<void> {
    for (let i = 0; this.#going; i++) {
      const begun = performance.now();
      const { ok } = await this.#node.kv.put(["key", i % 1000], i);
      this.#puts.done++;
      if (!ok) this.#puts.failed++;
      this.#puts.longest = Math.max(this.#puts.longest, performance.now() - begun);
      await turn(PAUSE);
    }
  }
}
