import { ClientWebSocket } from "./server.ts";

/** The end of a connection. */
export interface End {
  readonly code: number;
  readonly reason: string;
}

/** A WebSocket that a test drives by hand: it sends the data of the test, and keeps the received messages. */
export class RawSocket {
  /** The received messages that were not taken yet. */
  readonly messages: (string | Uint8Array)[] = [];
  /** Resolves when the connection is open, or has failed. */
  readonly opened: Promise<void>;
  /** Resolves when the connection has ended. */
  readonly ended: Promise<End>;
  readonly #socket: InstanceType<typeof ClientWebSocket>;
  #arrived: () => void = () => {};
  #over = false;

  /** Connects. */
  constructor(url: string) {
    const socket = this.#socket = new ClientWebSocket(url);
    socket.binaryType = "arraybuffer";
    this.opened = new Promise((resolve) => {
      for (const type of ["open", "error"]) socket.addEventListener(type, () => resolve());
    });
    this.ended = new Promise((resolve) => {
      socket.addEventListener("close", ({ code, reason }) => {
        this.#over = true;
        this.#arrived();
        resolve({ code, reason });
      });
    });
    socket.addEventListener("message", ({ data }) => {
      this.messages.push(typeof data === "string" ? data : new Uint8Array(data));
      this.#arrived();
    });
  }

  /** Connects, and sends `hello` when the connection is open. */
  static async open(url: string, hello?: unknown): Promise<RawSocket> {
    const socket = new RawSocket(url);
    await socket.opened;
    if (hello !== undefined) socket.say(hello);
    return socket;
  }

  /** Sends bytes or text. */
  send(data: string | Uint8Array<ArrayBuffer>): void {
    try {
      this.#socket.send(data);
    } catch {
      // The other side has ended the connection.
    }
  }

  /** The number of bytes that wait to be sent, or 0 if the runtime does not tell. */
  get unsent(): number {
    return (this.#socket as { bufferedAmount?: number }).bufferedAmount ?? 0;
  }

  /** Sends JSON. */
  say(message: unknown): void {
    this.send(JSON.stringify(message));
  }

  /** The next message, or `null` if there will be none. */
  async next(): Promise<string | Uint8Array | null> {
    while (this.messages.length === 0) {
      if (this.#over) return null;
      await new Promise<void>((resolve) => this.#arrived = resolve);
    }
    return this.messages.shift() ?? null;
  }

  /** The next message as JSON. */
  async hear(): Promise<Record<string, string>> {
    return JSON.parse(String(await this.next()));
  }

  /** Ends the connection. */
  async close(): Promise<void> {
    this.#socket.close();
    await this.ended;
  }
}
