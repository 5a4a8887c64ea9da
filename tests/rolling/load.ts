import type { ClusterNode } from "../../mod.ts";
import { Worker } from "./shared.ts";

/** What the users of a kind of operation have experienced. */
export interface Experience {
  done: number;
  /** The errors, by their code or name. */
  readonly failed: Record<string, number>;
  /** The texts of the errors. */
  readonly messages: Set<string>;
  /** The time of each operation, in milliseconds. */
  readonly times: number[];
}

const newExperience = (): Experience => ({ done: 0, failed: {}, messages: new Set(), times: [] });

/** How much there is to do. */
export interface Amount {
  readonly singletons: number;
  /** Calls of all singletons together, in a second. */
  readonly calls: number;
  /** Users that wait for the same lock. */
  readonly contenders: number;
  /** Puts in a second. */
  readonly puts: number;
}

/** Time for which the lock is held, in milliseconds. */
const HELD = 2;

/** The users of a cluster: they call, lock and put, and note how long it takes. */
export class Load {
  readonly calls: Experience = newExperience();
  readonly locks: Experience = newExperience();
  readonly puts: Experience = newExperience();
  /** The nodes that have run a call. */
  readonly hosts = new Set<string>();
  readonly #stop = new AbortController();
  readonly #users: Promise<void>[] = [];
  readonly #underWay = new Set<Promise<void>>();

  /** Starts all users, each at one of `nodes`. */
  constructor(nodes: readonly ClusterNode[], amount: Amount) {
    const at = (n: number) => nodes[n % nodes.length];
    this.#each(amount.calls, (n) => {
      const key = n % amount.singletons;
      // Each singleton is called from every node in turn.
      const node = at(Math.floor(n / amount.singletons));
      return this.#note(this.calls, async () => {
        this.hosts.add(await node.name(key, Worker).work());
      });
    });
    this.#each(amount.puts, (n) =>
      this.#note(this.puts, async () => {
        const put = await at(n).kv.put(["put", n], n, { until: Date.now() + 60_000 });
        if (!put.ok) throw Object.assign(new Error("a put has failed"), { code: put.error });
      }));
    for (let n = 0; n < amount.contenders; n++) this.#users.push(this.#contend(at(n)));
  }

  /** Ends all users; resolves when nothing is under way. */
  async end(): Promise<void> {
    this.#stop.abort();
    await Promise.all(this.#users);
    await Promise.all(this.#underWay);
  }

  /** Does `what` so often in each second, whether or not the last one is over. */
  #each(rate: number, what: (n: number) => Promise<void>): void {
    const begun = performance.now();
    let n = 0;
    const timer = setInterval(() => {
      const due = (performance.now() - begun) * rate / 1_000;
      for (; n < due; n++) {
        const done = what(n).finally(() => this.#underWay.delete(done));
        this.#underWay.add(done);
      }
    }, 2);
    this.#stop.signal.addEventListener("abort", () => clearInterval(timer));
  }

  async #contend(node: ClusterNode): Promise<void> {
    while (!this.#stop.signal.aborted) {
      await this.#note(this.locks, async () => {
        await using lock = await node.lock("lock");
        await new Promise((resolve) => setTimeout(resolve, HELD));
        if (!lock.held) throw Object.assign(new Error("the lock was lost"), { code: "lost" });
      });
    }
  }

  async #note(experience: Experience, operation: () => Promise<void>): Promise<void> {
    const begun = performance.now();
    try {
      await operation();
      experience.done++;
    } catch (error) {
      const { code, name, message } = error as { code?: string; name: string; message: string };
      const what = code ?? name;
      experience.messages.add(message);
      experience.failed[what] = (experience.failed[what] ?? 0) + 1;
    }
    experience.times.push(performance.now() - begun);
  }
}
