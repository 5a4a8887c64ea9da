import { assertEquals } from "@std/assert";
import type { ClusterNode } from "../../../mod.ts";
import { eventually, turn } from "../../support/wait.ts";

/** An agreed value as reported to a node. */
interface Agreed {
  readonly value: unknown;
  readonly token: number;
}

/** Operations of one node that are under way at the same time. */
const HANDS = 3;

/** Keys that all nodes compete for. */
const CONTESTED = 40;

/** Keeps nodes busy with puts, claims and gets, and records failed operations and all acknowledged values. */
export class Load {
  /** The errors of nodes that were not abandoned, as text. */
  readonly failures: string[] = [];
  readonly #busy = new Map<ClusterNode, Promise<void>>();
  readonly #abandoned = new Set<ClusterNode>();
  /** The agreed values by key; they must never change. */
  readonly #agreed = new Map<string, Agreed>();
  /** The highest token of a claim by key, for values that end again. */
  readonly #tokens = new Map<string, number>();
  #stopped = false;
  #operations = 0;
  #keys = 0;

  /** The number of operations that have succeeded. */
  get operations(): number {
    return this.#operations;
  }

  /** Keeps `node` busy from now on. */
  begin(node: ClusterNode): void {
    node.addEventListener("sessionlost", () => this.#failed(node, "its session", "lost"));
    const hands = Array.from({ length: HANDS }, () => this.#work(node));
    this.#busy.set(node, Promise.all(hands).then(() => {}));
  }

  /** Ignores the outcomes of `node` from now on: it is about to crash. */
  abandon(node: ClusterNode): void {
    this.#abandoned.add(node);
    this.#busy.delete(node);
  }

  /** Waits until `operations` more operations have ended. */
  async progress(operations: number): Promise<void> {
    const goal = this.#operations + operations;
    await eventually(() => this.#operations >= goal, `${operations} more operations`);
  }

  /** As {@linkcode stop}: operations that go on after a failed test would hide its cause. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
  }

  /** Lets operations under way end, and begins no others. */
  async stop(): Promise<void> {
    this.#stopped = true;
    await Promise.all(this.#busy.values());
  }

  /** Fails unless `node` finds all acknowledged values. Returns their number. */
  async verify(node: ClusterNode): Promise<number> {
    const keys = [...this.#agreed.keys()];
    const work = async () => {
      for (let key = keys.pop(); key !== undefined; key = keys.pop()) {
        const [value, token] = [await node.kv.get(key), await node.kv.token(key)];
        const agreed = this.#agreed.get(key)!;
        assertEquals(value, { ok: true, value: agreed.value }, `${key} at ${node.id}`);
        assertEquals(token, { ok: true, value: agreed.token }, `${key} at ${node.id}`);
      }
    };
    await Promise.all(Array.from({ length: 16 }, work));
    return this.#agreed.size;
  }

  async #work(node: ClusterNode): Promise<void> {
    for (let round = 0; !this.#over(node); round++) {
      await this.#claimForEver(node, `own ${++this.#keys}`);
      await this.#claimForEver(node, `contested ${round % CONTESTED}`);
      await this.#claimForAWhile(node, `bound ${round % CONTESTED}`);
      await this.#getAny(node);
      await turn();
    }
  }

  #over(node: ClusterNode): boolean {
    return this.#stopped || this.#abandoned.has(node);
  }

  async #claimForEver(node: ClusterNode, key: string): Promise<void> {
    await this.#run(node, `claim of ${key}`, async () => {
      const claim = await node.kv.claim(key, `${node.life} ${key}`);
      if (!claim.ok) return claim.error;
      const { value, token } = claim.value;
      return this.#agree(key, { value, token });
    });
  }

  /** A claim that ends with its process. */
  async #claimForAWhile(node: ClusterNode, key: string): Promise<void> {
    await this.#run(node, `bound claim of ${key}`, async () => {
      await using process = node.spawn();
      const claim = await node.kv.claim(key, node.life, { pid: process });
      if (!claim.ok) return claim.error;
      const { token, mine } = claim.value;
      if (!mine) return undefined;
      const highest = this.#tokens.get(key) ?? 0;
      if (token <= highest) return `token ${token} after ${highest}`;
      this.#tokens.set(key, token);
      return undefined;
    });
  }

  async #getAny(node: ClusterNode): Promise<void> {
    const key = `own ${1 + Math.floor(Math.random() * this.#keys)}`;
    const agreed = this.#agreed.get(key);
    if (agreed === undefined) return;
    await this.#run(node, `get of ${key}`, async () => {
      const value = await node.kv.get(key);
      if (!value.ok) return value.error;
      return value.value === agreed.value ? undefined : `${value.value}, not ${agreed.value}`;
    });
  }

  /** Records the failure that `operation` reports, if any, unless the node has crashed meanwhile. */
  async #run(
    node: ClusterNode,
    what: string,
    operation: () => Promise<string | undefined>,
  ): Promise<void> {
    if (this.#over(node)) return;
    const why = await operation().catch((error: Error) => error.message);
    if (why !== undefined) this.#failed(node, what, why);
    else if (!this.#abandoned.has(node)) this.#operations++;
  }

  #failed(node: ClusterNode, what: string, why: string): void {
    if (!this.#abandoned.has(node)) this.failures.push(`${node.id}: ${what}: ${why}`);
  }

  /** Checks that every node gets the same value for a key, permanently. */
  #agree(key: string, { value, token }: Agreed): string | undefined {
    const agreed = this.#agreed.get(key);
    if (agreed === undefined) {
      this.#agreed.set(key, { value, token });
      return undefined;
    }
    if (agreed.value === value && agreed.token === token) return undefined;
    return `${value} with token ${token}, but before ${agreed.value} with ${agreed.token}`;
  }
}
