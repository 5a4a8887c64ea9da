import { assert, assertEquals } from "@std/assert";
import type { FileCluster, FileMember, Line } from "./file_cluster.ts";

interface Put {
  readonly ok: boolean;
  readonly value: unknown;
}

/** What a member says of a key. On a busy machine hundreds of reads right after a start may find no quorum in time. */
async function read(reader: FileMember, key: string): Promise<unknown> {
  for (;;) {
    const { result } = await reader.ask("get", key);
    if ((result as { error?: string }).error !== "no_quorum") return result;
  }
}

/** What was acknowledged, and the highest token. */
export class Ledger {
  readonly #written = new Map<string, unknown>();
  #token = 0;

  /** The number of acknowledged puts. */
  get size(): number {
    return this.#written.size;
  }

  /** Fails unless everything is there, as it was acknowledged, and the next token is higher. */
  async check(cluster: FileCluster, round: number): Promise<void> {
    await cluster.ready();
    const reader = cluster.members[round % cluster.members.length];
    const found = await Promise.all(
      [...this.#written.keys()].map(async (key) => [key, await read(reader, key)] as const),
    );
    for (const [key, result] of found) {
      assertEquals(result, { ok: true, value: this.#written.get(key) }, key);
    }
    const { result } = await cluster.members[0].ask("lock", "lock");
    const { token } = result as { token: number };
    assert(token > this.#token, `token ${token} after ${this.#token}`);
    this.#token = token;
  }

  /** Puts until a random number of puts is acknowledged, and does not wait for the rest. */
  async load(cluster: FileCluster, round: number): Promise<void> {
    const orders = new Map<string, string>();
    const enough = 1 + Math.floor(100 * Math.random());
    let count = 0;
    let stop = () => {};
    const stopped = new Promise<void>((resolve) => stop = resolve);
    for (const [index, member] of cluster.members.entries()) {
      member.onLine = (line: Line) => {
        const key = orders.get(`${index}/${line.id}`);
        const result = line.result as Put | undefined;
        if (key === undefined || !result?.ok) return;
        this.#written.set(key, result.value);
        if (++count === enough) stop();
      };
      for (let i = 0; i < 50; i++) {
        // Some of them are put by all three.
        const key = i % 5 === 0 ? `${round}/${i}` : `${round}/${i}/${index}`;
        orders.set(`${index}/${await member.order("put", key, `${index}/${i}`)}`, key);
      }
    }
    await stopped;
  }
}
