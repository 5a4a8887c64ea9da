import { Flow } from "./flow.ts";
import { Proxy } from "./proxy.ts";

/**
 * The connections between the nodes: one proxy for each ordered pair of who connects to whom, and one flow
 * for each ordered pair of who speaks to whom, so that one of two can be deaf to the other.
 */
export class Network {
  readonly #nodes: readonly string[];
  readonly #flows = new Map<string, Flow>();
  readonly #proxies = new Map<string, Proxy>();

  /** `servers` are those of the `nodes` that others connect to. */
  constructor(nodes: readonly string[], servers: readonly string[]) {
    this.#nodes = nodes;
    for (const from of nodes) {
      for (const to of nodes) if (from !== to) this.#flows.set(`${from}>${to}`, new Flow());
    }
    for (const from of nodes) {
      for (const to of servers) {
        if (from === to) continue;
        const proxy = new Proxy(this.#flow(from, to), this.#flow(to, from));
        this.#proxies.set(`${from}>${to}`, proxy);
      }
    }
  }

  /** The ports at which `from` finds the others. */
  portsOf(from: string): Map<string, number> {
    const ports = new Map<string, number>();
    for (const to of this.#nodes) {
      const proxy = this.#proxies.get(`${from}>${to}`);
      if (proxy !== undefined) ports.set(to, proxy.port);
    }
    return ports;
  }

  /** `to` listens on `port` now; `null`: it is gone. */
  lead(to: string, port: number | null): void {
    for (const from of this.#nodes) {
      const proxy = this.#proxies.get(`${from}>${to}`);
      if (proxy !== undefined) proxy.target = port;
    }
  }

  /** `to` no longer hears `from`. */
  cut(from: string, to: string): void {
    this.#flow(from, to).hold();
  }

  /** `to` hears `from` again; first what was said meanwhile. */
  mend(from: string, to: string): void {
    this.#flow(from, to).release();
  }

  /** What `from` says to `to` takes so long, in milliseconds. */
  slow(from: string, to: string, delay: number): void {
    this.#flow(from, to).delay = delay;
  }

  /** Ends all connections between the two, whoever made them. */
  reset(a: string, b: string): void {
    this.#proxies.get(`${a}>${b}`)?.reset();
    this.#proxies.get(`${b}>${a}`)?.reset();
  }

  /** All is well again with all that can be cut or slowed. */
  heal(): void {
    for (const flow of this.#flows.values()) {
      flow.delay = 0;
      flow.release();
    }
  }

  /** Ends everything. */
  close(): void {
    this.heal();
    for (const proxy of this.#proxies.values()) proxy.close();
  }

  #flow(from: string, to: string): Flow {
    return this.#flows.get(`${from}>${to}`)!;
  }
}
