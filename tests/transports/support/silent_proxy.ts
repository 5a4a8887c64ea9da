import type { Server, Socket } from "node:net";

/** A TCP proxy to another port of this machine. It can fall silent: it then passes no bytes, and closes nothing. */
export class SilentProxy {
  readonly port: number;
  readonly #server: Server;
  readonly #pairs = new Set<readonly [near: Socket, far: Socket]>();

  private constructor(server: Server, port: number) {
    this.#server = server;
    this.port = port;
  }

  /** Listens on a free port of 127.0.0.1 for connections to `target`. */
  static async start(target: number): Promise<SilentProxy> {
    const { connect, createServer } = await import("node:net");
    return await new Promise((resolve) => {
      const server = createServer((near) => {
        const far = connect(target, "127.0.0.1");
        const pair = [near, far] as const;
        proxy.#pairs.add(pair);
        const end = () => {
          proxy.#pairs.delete(pair);
          near.destroy();
          far.destroy();
        };
        for (const [from, to] of [[near, far], [far, near]]) {
          from.on("data", (bytes) => void to.write(bytes));
          from.on("close", end);
          from.on("error", end);
        }
      });
      const proxy = new SilentProxy(server, 0);
      server.listen(0, "127.0.0.1", () => {
        const { port } = server.address() as { port: number };
        (proxy as { port: number }).port = port;
        resolve(proxy);
      });
    });
  }

  /** The number of connections that it passes. */
  get size(): number {
    return this.#pairs.size;
  }

  /** Stops the present connections without closing them; new connections are passed. */
  silence(): void {
    for (const pair of this.#pairs) {
      for (const socket of pair) {
        socket.removeAllListeners("data");
        socket.removeAllListeners("close");
        socket.on("data", () => {});
      }
    }
    this.#silent.push(...this.#pairs);
    this.#pairs.clear();
  }

  /** Ends all connections, and stops listening. */
  async close(): Promise<void> {
    for (const pair of [...this.#pairs, ...this.#silent]) {
      for (const socket of pair) socket.destroy();
    }
    await new Promise<void>((resolve) => this.#server.close(() => resolve()));
  }

  readonly #silent: (readonly [Socket, Socket])[] = [];
}
