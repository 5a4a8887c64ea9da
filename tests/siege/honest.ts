import { connect, type GuestNode } from "../../guest/mod.ts";
import { type ClusterNode, join } from "../../mod.ts";
import { nodeToken, webSocket } from "../../transports/websocket.ts";
import { SECRET } from "../transports/support/networks.ts";
import { turn } from "../support/wait.ts";
import { type Addresses, MEMBERS, SETTLED, SETTLED_VALUE, type Times } from "./shared.ts";

/** The outcomes of puts. */
export interface Puts {
  readonly done: number;
  readonly failed: number;
  /** The longest duration of a put, in milliseconds. */
  readonly longest: number;
}

/** Pause between two puts of one user, in milliseconds. */
const PAUSE = 10;

const PEERS = (addresses: readonly Addresses[]) =>
  Object.fromEntries(MEMBERS.map((id, index) => [id, addresses[index].ws]));

/** A client and a guest that put new keys, one after the other, while the members are attacked. */
export class HonestUsers {
  /** Sessions that they lost. */
  lost = 0;
  readonly #nodes: readonly [ClusterNode, GuestNode];
  #puts = { done: 0, failed: 0, longest: 0 };
  #isGoing = true;
  readonly #work: Promise<unknown>;

  private constructor(client: ClusterNode, guest: GuestNode) {
    this.#nodes = [client, guest];
    for (const node of this.#nodes) node.addEventListener("sessionlost", () => void this.lost++);
    this.#work = Promise.all(this.#nodes.map((node) => this.#putOn(node)));
  }

  /** They join, and begin to put. The guest's gateway is the member that is attacked. */
  static async start(addresses: readonly Addresses[], times: Times): Promise<HonestUsers> {
    const transport = webSocket({ secret: SECRET, peers: PEERS(addresses) });
    const client = await join({
      id: "client",
      members: [...MEMBERS],
      transport,
      ...times,
    });
    await client.ready;
    const guest = await connect({
      ...{ id: "guest", servers: [addresses[0].ws], ...times },
      token: () => nodeToken({ secret: SECRET, id: "guest" }),
    });
    await guest.ready;
    await client.kv.put(SETTLED, SETTLED_VALUE);
    return new HonestUsers(client, guest);
  }

  /** The outcomes of the puts that have ended since the last call, of both. */
  take(): Puts {
    const puts = this.#puts;
    this.#puts = { done: 0, failed: 0, longest: 0 };
    return puts;
  }

  /** They stop after their present puts. */
  async close(): Promise<void> {
    this.#isGoing = false;
    await this.#work;
    for (const node of this.#nodes) await node.close();
  }

  async #putOn(node: ClusterNode | GuestNode): Promise<void> {
    for (let number = 0; this.#isGoing; number++) {
      const begun = performance.now();
      // Bound to nothing: what others can end may end as unknown, if it is tried again while other keys are forgotten.
      const error = await node.kv.put([node.id, number], number).then(
        (result) => result.ok ? null : result.error,
        String,
      );
      const took = performance.now() - begun;
      this.#puts.done++;
      if (error !== null) {
        this.#puts.failed++;
        console.error(`a put of ${node.id} failed after ${Math.round(took)} ms: ${error}`);
      }
      this.#puts.longest = Math.max(this.#puts.longest, took);
      await turn(PAUSE);
    }
  }
}
