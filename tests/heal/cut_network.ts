import { type AddressInfo, connect, createServer, type Server, type Socket } from "node:net";

/** The ways in which a connection can be cut. */
export const CUTS = ["drop", "stall", "one way", "half open"] as const;

/**
 * - `drop`: connections are reset, and others too as soon as they are made;
 * - `stall`: no bytes pass, in connections that stay open; they pass when the cut is mended;
 * - `one way`: the same for the bytes in one direction;
 * - `half open`: no bytes pass, and never will in the connections that are open when the cut begins or are made
 *   while it lasts: one side finds them closed, the other side hears nothing.
 */
export type Cut = typeof CUTS[number];

/** A TCP proxy on loopback, for the connections of one node to another one, that can be cut. */
class CutProxy {
  readonly #server: Server;
  readonly #pairs = new Set<Pair>();
  #cut: Cut | null = null;

  private constructor(server: Server) {
    this.#server = server;
  }

  static async start(target: number): Promise<CutProxy> {
    const server = createServer();
    const proxy = new CutProxy(server);
    server.on("connection", (near) => proxy.#accept(near, target));
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    return proxy;
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  cut(cut: Cut): void {
    this.#cut = cut;
    for (const pair of this.#pairs) pair.cut(cut);
  }

  mend(): void {
    this.#cut = null;
    for (const pair of this.#pairs) pair.mend();
  }

  async close(): Promise<void> {
    for (const pair of this.#pairs) pair.destroy();
    await new Promise<void>((resolve) => this.#server.close(() => resolve()));
  }

  #accept(near: Socket, target: number): void {
    near.on("error", () => {});
    if (this.#cut === "drop") return void near.destroy();
    const pair = new Pair(near, connect(target, "127.0.0.1"), () => this.#pairs.delete(pair));
    this.#pairs.add(pair);
    if (this.#cut !== null) pair.cut(this.#cut);
  }
}

/** One connection through a proxy. */
class Pair {
  readonly #near: Socket;
  readonly #far: Socket;
  readonly #ended: () => void;
  #isDead = false;

  constructor(near: Socket, far: Socket, ended: () => void) {
    this.#near = near;
    this.#far = far;
    this.#ended = ended;
    for (const [from, to] of [[near, far], [far, near]]) {
      from.setNoDelay(true);
      from.on("data", (bytes) => {
        if (!this.#isDead) to.write(bytes);
      });
      from.on("error", () => {});
      from.on("close", () => {
        if (!this.#isDead) this.destroy();
      });
    }
  }

  cut(cut: Cut): void {
    if (cut === "drop") return this.destroy();
    if (cut === "half open") {
      this.#isDead = true;
      this.#far.destroy();
      return;
    }
    this.#far.pause();
    if (cut === "stall") this.#near.pause();
  }

  mend(): void {
    this.#far.resume();
    this.#near.resume();
  }

  destroy(): void {
    this.#ended();
    this.#near.destroy();
    this.#far.destroy();
  }
}

/** The connections between nodes: a proxy for each ordered pair. */
export class CutNetwork {
  readonly #proxies: ReadonlyMap<string, CutProxy>;

  private constructor(proxies: ReadonlyMap<string, CutProxy>) {
    this.#proxies = proxies;
  }

  /** `ports` are those of the nodes' servers. */
  static async start(ports: ReadonlyMap<string, number>): Promise<CutNetwork> {
    const proxies = new Map<string, CutProxy>();
    for (const from of ports.keys()) {
      for (const [to, port] of ports) {
        if (from !== to) proxies.set(`${from}>${to}`, await CutProxy.start(port));
      }
    }
    return new CutNetwork(proxies);
  }

  /** The port at which `from` reaches `to`. */
  port(from: string, to: string): number {
    const proxy = this.#proxies.get(`${from}>${to}`);
    if (proxy === undefined) throw new RangeError(`no way from ${from} to ${to}`);
    return proxy.port;
  }

  /** Cuts the connections of `node`, or all of them. */
  cut(cut: Cut, node: string | null): void {
    for (const [way, proxy] of this.#proxies) {
      if (node === null || way.split(">").includes(node)) proxy.cut(cut);
    }
  }

  /** Ends all cuts. */
  mend(): void {
    for (const proxy of this.#proxies.values()) proxy.mend();
  }

  /** Closes everything. */
  async close(): Promise<void> {
    await Promise.all(Array.from(this.#proxies.values(), (proxy) => proxy.close()));
  }
}
