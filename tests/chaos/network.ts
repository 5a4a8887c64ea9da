import { Flow } from "./flow.ts";
import { Proxy } from "./proxy.ts";

/**
 * The connections between the nodes: one proxy for each ordered pair of client and server, and one flow
 * for each ordered pair of sender and receiver, so that one direction can be cut alone.
 */
export class Network {
  readonly #nodes: readonly string[];
  readonly #flows = new Map<string, Flow>();
  readonly #proxies = new Map<string, Proxy>();

  /** `servers` are the `nodes` to which others connect. */
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

  /** The ports at which `from` reaches the other nodes. */
  portsOf(from: string): Map<string, number> {
    const ports = new Map<string, number>();
    for (const to of this.#nodes) {
      const proxy = this.#proxies.get(`${from}>${to}`);
      if (proxy !== undefined) ports.set(to, proxy.port);
    }
    return ports;
  }

  /** `to` listens on `port` now; `null`: it does not listen. */
  lead(to: string, port: number | null): void {
    for (const from of this.#nodes) {
      const proxy = this.#proxies.get(`${from}>${to}`);
      if (proxy !== undefined) proxy.target = port;
    }
  }

  /** Holds back what `from` sends to `to`. */
  cut(from: string, to: string): void {
    this.#flow(from, to).hold();
  }

  /** `to` receives from `from` again, first what was held back. */
  mend(from: string, to: string): void {
    this.#flow(from, to).release();
  }

  /** Delays what `from` sends to `to` by `delay` milliseconds. */
  slow(from: string, to: string, delay: number): void {
    this.#flow(from, to).delay = delay;
  }

  /** Closes all connections between the two nodes, in both directions. */
  reset(a: string, b: string): void {
    this.#proxies.get(`${a}>${b}`)?.reset();
    this.#proxies.get(`${b}>${a}`)?.reset();
  }

  /** Ends all cuts and delays. */
  heal(): void {
    for (const flow of this.#flows.values()) {
      flow.delay = 0;
      flow.release();
    }
  }

  /** Closes everything. */
  close(): void {
    this.heal();
    for (const proxy of this.#proxies.values()) proxy.close();
  }

  #flow(from: string, to: string): Flow {
    return this.#flows.get(`${from}>${to}`)!;
  }
}
