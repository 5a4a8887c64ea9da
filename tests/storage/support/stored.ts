import { joinWith } from "../../../lib/cluster/join_with.ts";
import { type MemoryStorage, memoryStorage } from "../../../lib/storage/memory.ts";
import type { ClusterNode, JoinOptions } from "../../../mod.ts";
import { valueOf } from "../../support/expect.ts";
import { tapped, type TappedTransport } from "../../support/tapped_transport.ts";
import { turn } from "../../support/wait.ts";
import { VirtualTime } from "../../support/virtual_time.ts";

/** Members with storage on a virtual clock, which crash and start again. */
export class Stored {
  readonly time = new VirtualTime();
  /** The list of members that each start gives. */
  ids: readonly string[];
  readonly disks: Map<string, MemoryStorage>;
  readonly nodes = new Map<string, ClusterNode>();
  readonly errors: Error[] = [];
  readonly #transports = new Map<string, TappedTransport>();
  readonly #past: ClusterNode[] = [];
  readonly #options: Partial<JoinOptions>;

  constructor(options: Partial<JoinOptions> = {}, ids: readonly string[] = ["a", "b", "c"]) {
    this.#options = options;
    this.ids = ids;
    this.disks = new Map(ids.map((id) => [id, memoryStorage()]));
  }

  /** The disk of a member. */
  disk(id: string): MemoryStorage {
    let disk = this.disks.get(id);
    if (disk === undefined) this.disks.set(id, disk = memoryStorage());
    return disk;
  }

  async start(...ids: string[]): Promise<ClusterNode[]> {
    const started: ClusterNode[] = [];
    for (const id of ids) {
      const transport = tapped(this.time.network.transport());
      this.#transports.set(id, transport);
      const options = { id, members: this.ids, transport, sessionTtl: 1_000 };
      const storage = this.disk(id);
      const node = await joinWith({ ...options, storage, ...this.#options }, this.time.runtime);
      node.addEventListener("error", ({ detail }) => void this.errors.push(detail.error));
      this.nodes.set(id, node);
      started.push(node);
    }
    return started;
  }

  async ready(...ids: string[]): Promise<void> {
    await this.time.until(Promise.all(ids.map((id) => this.nodes.get(id)!.ready)));
  }

  /** They stop at once, and write nothing after it. */
  crash(...ids: string[]): void {
    for (const id of ids) {
      this.#transports.get(id)!.close();
      // What the old process still writes goes nowhere.
      const fresh = memoryStorage();
      fresh.restore(this.disk(id).snapshot());
      this.disks.set(id, fresh);
      this.#past.push(this.nodes.get(id)!);
      this.nodes.delete(id);
    }
  }

  async pass(time: number): Promise<void> {
    await turn();
    await this.time.pass(time);
    await turn();
  }

  async put(id: string, key: string, value: unknown): Promise<unknown> {
    return valueOf(await this.time.until(this.nodes.get(id)!.kv.put(key, value)));
  }

  async get(id: string, key: string): Promise<unknown> {
    return valueOf(await this.time.until(this.nodes.get(id)!.kv.get(key)));
  }

  /** The number of frames that the present process of a member has sent. */
  framesOf(id: string): number {
    return this.#transports.get(id)!.sent.length;
  }

  /** What a member says of its own storage. */
  async storageOf(id: string): Promise<unknown> {
    const { members } = await this.time.until(this.nodes.get(id)!.status());
    return members.find((member) => member.id === id)!.storage;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const all = [...this.nodes.values(), ...this.#past];
    await this.time.until(Promise.all(all.map((node) => node.close({ timeout: 1 }))));
  }
}
