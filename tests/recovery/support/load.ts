import { assertEquals } from "@std/assert";
import type { ClusterNode } from "../../../mod.ts";
import { eventually, turn } from "../../support/wait.ts";

/** What somebody was told that the cluster agreed on. */
interface Agreed {
  readonly value: unknown;
  readonly token: number;
}

/** So many operations of one node are under way at the same time. */
const HANDS = 3;

/** So many keys are fought for by all. */
const CONTESTED = 40;

/**
 * Keeps nodes busy with puts, claims and gets, and keeps the books: which operations failed, and what was
 * acknowledged to whomever.
 */
export class Load {
  /** What a node that was not abandoned was refused, in words. */
  readonly failures: string[] = [];
  readonly #busy = new Map<ClusterNode, Promise<void>>();
  readonly #abandoned = new Set<ClusterNode>();
  /** By key: for ever. */
  readonly #agreed = new Map<string, Agreed>();
  /** By key: the highest token that a claim was given, of values that come and go. */
  readonly #tokens = new Map<string, number>();
  #stopped = false;
  #operations = 0;
  #keys = 0;

  /** How many operations have ended well. */
  get operations(): number {
    return this.#operations;
  }

  /** From now on `node` is busy. */
  begin(node: ClusterNode): void {
    node.addEventListener("sessionlost", () => this.#failed(node, "its session", "lost"));
    const hands = Array.from({ length: HANDS }, () => this.#work(node));
    this.#busy.set(node, Promise.all(hands).then(() => {}));
  }

  /** What `node` does does not count from now on: it is about to crash. */
  abandon(node: ClusterNode): void {
    this.#abandoned.add(node);
    this.#busy.delete(node);
  }

  /** Waits until so many more operations have ended. */
  async progress(operations: number): Promise<void> {
    const goal = this.#operations + operations;
    await eventually(() => this.#operations >= goal, `${operations} more operations`);
  }

  /** As {@linkcode stop}: what goes on after a test that failed would hide why. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
  }

  /** Lets what is under way end, and begins nothing more. */
  async stop(): Promise<void> {
    this.#stopped = true;
    await Promise.all(this.#busy.values());
  }

  /** Fails unless `node` finds all that was acknowledged. Returns how much that was. */
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

  /** Notes what `operation` says is wrong, if anything is, unless the node has crashed meanwhile. */
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

  /** Everybody is told the same, for ever. */
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
