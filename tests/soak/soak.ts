import { joinWith } from "../../lib/cluster/join_with.ts";
import { partsOf } from "../../lib/cluster/cluster_node.ts";
import type { ClusterNode, JoinOptions, Transport } from "../../mod.ts";
import { heapUsed } from "../support/heap.ts";
import { MortalRuntime } from "../support/mortal_runtime.ts";
import { VirtualCluster } from "../support/virtual_cluster.ts";

/** The parameters of a soak. */
export interface SoakOptions {
  /** Clients per second. */
  readonly rate: number;
  /** Virtual time until the first sample, in seconds: by then the state is steady. */
  readonly warmUp: number;
  /** Virtual time between the first sample and the last one, in seconds. */
  readonly duration: number;
  /** Time to live of the sessions of clients and members, in milliseconds. */
  readonly sessionTtl: number;
  /** Number of singletons that the clients call, in turn. */
  readonly singletons: number;
  /** Called from time to time with the progress. */
  readonly progress?: (seconds: number, clients: number) => void;
}

/** The state of one member. */
export interface MemberSample {
  readonly id: string;
  /** Number of registers. */
  readonly registers: number;
  /** Number of sessions that are renewed. */
  readonly sessions: number;
  /** Number of fenced sessions. */
  readonly fenced: number;
  /** Number of callers' lives that it remembers as a host. */
  readonly callers: number;
}

/** The state of the members at one instant. */
export interface Sample {
  /** Virtual time since the first client, in seconds. */
  readonly at: number;
  /** Number of clients that have come and gone. */
  readonly clients: number;
  readonly members: readonly MemberSample[];
  /** Bytes in use by all members together: they share one thread. */
  readonly heap: number;
}

/** The result of a soak. */
export interface SoakResult {
  /** Samples at the start, in the middle and at the end. */
  readonly samples: readonly Sample[];
  /** Number of failures by step of a client and error. */
  readonly failures: ReadonlyMap<string, number>;
}

/** A singleton that counts its calls. */
const COUNTER = {
  id: "counter",
  start: () => {
    let count = 0;
    return { next: () => ++count };
  },
};

/** Lifetime of the values that clients put, in milliseconds. */
const LASTING = 3_000;

/** Time for which a client stays after its last operation, in milliseconds. */
const STAY = 200;

/** `timeout` of a client's operations, in milliseconds. */
const PATIENCE = 20_000;

/** Step of virtual time, in milliseconds. */
const STEP = 100;

/**
 * Three members, and clients that come and go, each with its own id. A client puts a value that lasts
 * until a time, locks a name, calls a singleton, and vanishes without closing anything.
 */
export class Soak {
  readonly #options: SoakOptions;
  readonly #cluster: VirtualCluster;
  readonly #failures = new Map<string, number>();
  readonly #present = new Set<Promise<void>>();
  #gone = 0;

  private constructor(options: SoakOptions, cluster: VirtualCluster) {
    this.#options = options;
    this.#cluster = cluster;
  }

  /** Runs the soak, and closes the members. */
  static async run(options: SoakOptions): Promise<SoakResult> {
    const { sessionTtl } = options;
    const shared = { sessionTtl, clients: true, timeout: 2_000, hosts: [COUNTER] };
    await using cluster = await VirtualCluster.start(3, shared);
    return await new Soak(options, cluster).#run();
  }

  async #run(): Promise<SoakResult> {
    const { warmUp, duration } = this.#options;
    const samples: Sample[] = [];
    let second = 0;
    for (const until of [warmUp, warmUp + duration / 2, warmUp + duration]) {
      for (; second < until; second++) {
        await this.#second(second);
        this.#options.progress?.(second + 1, this.#gone);
      }
      samples.push(await this.#sample(until));
    }
    return { samples, failures: this.#failures };
  }

  async #second(second: number): Promise<void> {
    const { rate } = this.#options;
    const steps = 1_000 / STEP;
    let come = 0;
    for (let step = 1; step <= steps; step++) {
      for (; come < rate * step / steps; come++) {
        const visit = this.#visit(`client-${second}-${come}`).finally(() => {
          this.#present.delete(visit);
          this.#gone++;
        });
        this.#present.add(visit);
      }
      await this.#cluster.time.pass(STEP);
    }
  }

  /** The life of one client. */
  async #visit(id: string): Promise<void> {
    const { time, members } = this.#cluster;
    const mortal = new MortalRuntime(time.runtime);
    const transport: Transport = time.network.transport();
    const { sessionTtl } = this.#options;
    const options: JoinOptions = { id, members, transport, sessionTtl };
    const node = await joinWith(options, mortal);
    const signal = new AbortController();
    const cancel = time.runtime.setTimer(() => signal.abort(new Error("too late")), PATIENCE);
    try {
      await this.#use(node, id, signal.signal);
      await new Promise<void>((resolve) => void time.runtime.setTimer(resolve, STAY));
    } finally {
      cancel();
      transport.close();
      mortal.die();
    }
  }

  async #use(node: ClusterNode, id: string, signal: AbortSignal): Promise<void> {
    const { runtime } = this.#cluster.time;
    await this.#step("put", async () => {
      await node.ready;
      const result = await node.kv.put(id, "here", { until: runtime.wallNow() + LASTING, signal });
      if (!result.ok) throw new Error(result.error);
    });
    await this.#step("lock", () => node.lock(`of ${id}`, { signal }));
    const key = `counter ${this.#gone % this.#options.singletons}`;
    await this.#step("call", () => node.call(node.name(key, COUNTER), "next", [], { signal }));
  }

  async #step(what: string, work: () => Promise<unknown>): Promise<void> {
    try {
      await work();
    } catch (error) {
      const { code, message } = error as Error & { code?: string };
      const failure = `${what}: ${code ?? message}`;
      this.#failures.set(failure, (this.#failures.get(failure) ?? 0) + 1);
    }
  }

  /** The state of the members while no client is present. */
  async #sample(at: number): Promise<Sample> {
    while (this.#present.size > 0) await this.#cluster.time.pass(STEP);
    // At each sample, the state that the last clients left has the same age.
    await this.#cluster.time.pass(STEP);
    const heap = await heapUsed();
    const members = this.#cluster.nodes.map((node) => {
      const { engine, singletons } = partsOf(node);
      const { acceptor, sessions } = engine.voter!;
      const fenced = sessions.fenced().length;
      return {
        id: node.id,
        registers: acceptor.size,
        sessions: sessions.size - fenced,
        fenced,
        callers: singletons.callers,
      };
    });
    return { at, clients: this.#gone, members, heap };
  }
}
