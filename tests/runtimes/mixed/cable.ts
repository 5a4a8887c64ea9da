/**
 * The effect of a cut: no data passes and neither side is notified (`"silent"`), or connections break and
 * new ones are refused (`"refused"`).
 */
export type Cut = "silent" | "refused";

/** Forwards TCP from a port of its own to another port of this machine, and can be cut. */
export class Cable {
  /** The port on which it listens. */
  readonly port: number;
  /** The target port; without one, connections break. */
  target: number | null = null;
  readonly #listener: Deno.TcpListener;
  readonly #connections = new Set<Deno.TcpConn>();
  #cut: Cut | null = null;
  #healed: Promise<void> = Promise.resolve();
  #heal: () => void = () => {};

  /** Listens. */
  constructor() {
    this.#listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
    this.port = this.#listener.addr.port;
    this.#accept();
  }

  /** Cuts it until {@linkcode heal}. */
  cut(how: Cut): void {
    this.#cut = how;
    this.#healed = new Promise((resolve) => this.#heal = resolve);
    if (how === "refused") this.#break();
  }

  /** Ends the cut; data that waited during a silent cut passes, as with TCP. */
  heal(): void {
    this.#cut = null;
    this.#heal();
  }

  /** Closes it. */
  close(): void {
    this.#listener.close();
    this.heal();
    this.#break();
  }

  #break(): void {
    for (const connection of this.#connections) end(connection);
    this.#connections.clear();
  }

  async #accept(): Promise<void> {
    try {
      for await (const near of this.#listener) this.#connect(near);
    } catch {
      // It was closed.
    }
  }

  async #connect(near: Deno.TcpConn): Promise<void> {
    this.#connections.add(near);
    await this.#healedFromSilence();
    if (this.#cut === "refused" || this.target === null) return this.#end(near);
    try {
      const far = await Deno.connect({ hostname: "127.0.0.1", port: this.target });
      this.#connections.add(far);
      await Promise.all([this.#carry(near, far), this.#carry(far, near)]);
      this.#end(far);
    } catch {
      // One side has disconnected, or the target port is closed.
    }
    this.#end(near);
  }

  async #carry(from: Deno.TcpConn, to: Deno.TcpConn): Promise<void> {
    try {
      const buffer = new Uint8Array(64 * 1024);
      for (;;) {
        const count = await from.read(buffer);
        await this.#healedFromSilence();
        if (count === null) return await to.closeWrite();
        for (let at = 0; at < count;) at += await to.write(buffer.subarray(at, count));
      }
    } catch {
      this.#end(from);
      this.#end(to);
    }
  }

  async #healedFromSilence(): Promise<void> {
    while (this.#cut === "silent") await this.#healed;
  }

  #end(connection: Deno.TcpConn): void {
    this.#connections.delete(connection);
    end(connection);
  }
}

function end(connection: Deno.TcpConn): void {
  try {
    connection.close();
  } catch {
    // It is closed already.
  }
}
