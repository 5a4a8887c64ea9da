import type { Flow } from "./flow.ts";

/** Bytes in transit in one direction of one connection, at most; beyond it the proxy stops reading. */
const MAX_BYTES = 1 << 20;

/**
 * Forwards TCP connections on loopback to a port that may change. The bytes pass through two flows, one
 * for each direction.
 */
export class Proxy {
  readonly port: number;
  /** The target port; `null`: there is none, and connections are closed at once. */
  target: number | null = null;
  readonly #listener: Deno.TcpListener;
  readonly #there: Flow;
  readonly #back: Flow;
  readonly #connections = new Set<Connection>();

  /** Listens. The bytes of the caller pass through `there`, those of the answers through `back`. */
  constructor(there: Flow, back: Flow) {
    this.#there = there;
    this.#back = back;
    this.#listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
    this.port = this.#listener.addr.port;
    void this.#accept();
  }

  /** The number of connections. */
  get size(): number {
    return this.#connections.size;
  }

  /** Closes all connections. */
  reset(): void {
    for (const connection of this.#connections) connection.close();
  }

  /** Closes all connections, and stops listening. */
  close(): void {
    this.#listener.close();
    this.reset();
  }

  async #accept(): Promise<void> {
    for (;;) {
      let caller: Deno.TcpConn;
      try {
        caller = await this.#listener.accept();
      } catch (error) {
        if (error instanceof Deno.errors.BadResource) return; // closed
        continue; // the caller has disconnected
      }
      void this.#connect(caller);
    }
  }

  async #connect(caller: Deno.TcpConn): Promise<void> {
    let callee: Deno.TcpConn;
    try {
      if (this.target === null) throw new Error("no target port");
      callee = await Deno.connect({ hostname: "127.0.0.1", port: this.target });
    } catch {
      return caller.close();
    }
    const connection = new Connection(caller, callee, () => this.#connections.delete(connection));
    this.#connections.add(connection);
    connection.start(this.#there, this.#back);
  }
}

/** The two halves of one forwarded connection. */
class Connection {
  readonly #caller: Deno.TcpConn;
  readonly #callee: Deno.TcpConn;
  readonly #ended: () => void;
  #open = true;

  constructor(caller: Deno.TcpConn, callee: Deno.TcpConn, ended: () => void) {
    this.#caller = caller;
    this.#callee = callee;
    this.#ended = ended;
  }

  start(there: Flow, back: Flow): void {
    for (const side of [this.#caller, this.#callee]) side.setNoDelay();
    void new Direction(this.#caller, this.#callee, there).run().then(() => this.close());
    void new Direction(this.#callee, this.#caller, back).run().then(() => this.close());
  }

  close(): void {
    if (!this.#open) return;
    this.#open = false;
    for (const side of [this.#caller, this.#callee]) {
      try {
        side.close();
      } catch {
        // The other side closed it first.
      }
    }
    this.#ended();
  }
}

/** One direction of one connection. It reads ahead, so that a delay affects latency, not throughput. */
class Direction {
  readonly #from: Deno.TcpConn;
  readonly #to: Deno.TcpConn;
  readonly #flow: Flow;
  readonly #queue: { readonly bytes: Uint8Array; readonly due: number }[] = [];
  #waiting = 0;
  #ended = false;
  #wake: () => void = () => {};

  constructor(from: Deno.TcpConn, to: Deno.TcpConn, flow: Flow) {
    this.#from = from;
    this.#to = to;
    this.#flow = flow;
  }

  /** Resolves when the direction has ended: all bytes were forwarded, or cannot be. */
  async run(): Promise<void> {
    void this.#read();
    try {
      for (;;) {
        const next = this.#queue.shift();
        if (next === undefined) {
          // The end of the stream is delayed, too.
          if (this.#ended) return await this.#flow.open();
          await this.#sleep();
          continue;
        }
        const wait = next.due - performance.now();
        if (wait > 0) await new Promise((resolve) => setTimeout(resolve, wait));
        await this.#flow.open();
        for (let sent = 0; sent < next.bytes.length;) {
          sent += await this.#to.write(next.bytes.subarray(sent));
        }
        this.#waiting -= next.bytes.length;
        this.#wake();
      }
    } catch {
      // The receiver has disconnected.
    }
  }

  async #read(): Promise<void> {
    const buffer = new Uint8Array(65_536);
    try {
      for (;;) {
        const length = await this.#from.read(buffer);
        if (length === null) break;
        this.#queue.push({
          bytes: buffer.slice(0, length),
          due: performance.now() + this.#flow.delay,
        });
        this.#waiting += length;
        this.#wake();
        while (this.#waiting > MAX_BYTES) await this.#sleep();
      }
    } catch {
      // The sender has disconnected.
    }
    this.#ended = true;
    this.#wake();
  }

  /** At most one of the two loops sleeps: each wakes the other. */
  #sleep(): Promise<void> {
    return new Promise((resolve) => this.#wake = resolve);
  }
}
