import { connect, type Socket } from "node:net";
import { Buffer } from "node:buffer";

const MASK = 0x80;
const TEXT = 0x81;
const BINARY = 0x82;
const PING = 0x89;

/**
 * A WebSocket client over TCP that a test drives by hand: unlike any library it may leave what arrives unread,
 * and unanswered.
 */
export class TcpPeer {
  /** Resolves when the connection has ended. */
  readonly ended: Promise<void>;
  readonly #socket: Socket;
  #received = Buffer.alloc(0);
  #arrived: () => void = () => {};
  #over = false;

  private constructor(socket: Socket) {
    this.#socket = socket;
    this.ended = new Promise((resolve) => {
      socket.on("close", () => {
        this.#over = true;
        this.#arrived();
        resolve();
      });
    });
    socket.on("error", () => {});
    socket.on("data", (bytes) => {
      this.#received = Buffer.concat([this.#received, bytes as Buffer]);
      this.#arrived();
    });
  }

  /** Connects to the server at `url`, and opens a WebSocket. */
  static async open(url: string): Promise<TcpPeer> {
    const { hostname, port, pathname } = new URL(url);
    const socket = connect(Number(port), hostname);
    const peer = new TcpPeer(socket);
    await new Promise<void>((resolve) => socket.once("connect", resolve));
    socket.write(
      `GET ${pathname} HTTP/1.1\r\nHost: ${hostname}:${port}\r\nUpgrade: websocket\r\n` +
        "Connection: Upgrade\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n" +
        "Sec-WebSocket-Version: 13\r\n\r\n",
    );
    await peer.#until(() => peer.#received.includes("\r\n\r\n"));
    peer.#received = peer.#received.subarray(peer.#received.indexOf("\r\n\r\n") + 4);
    return peer;
  }

  /** Sends a short message of JSON. */
  say(message: unknown): void {
    this.#write(TEXT, Buffer.from(JSON.stringify(message)));
  }

  /** Sends a short binary message. */
  send(bytes: Uint8Array): void {
    this.#write(BINARY, bytes);
  }

  /** Sends pings without content, all at once. */
  ping(count: number): void {
    const frames = Buffer.alloc(count * 6);
    for (let at = 0; at < frames.length; at += 6) frames.set([PING, MASK], at);
    this.#socket.write(frames);
  }

  /** The next message as JSON; it must be a short one. */
  async hear(): Promise<Record<string, string>> {
    await this.#until(() => this.#received.length >= 2);
    const [head, length] = [this.#received[1] < 126 ? 2 : 4, this.#received[1]];
    await this.#until(() => this.#received.length >= head);
    const end = head + (head === 2 ? length : this.#received.readUInt16BE(2));
    await this.#until(() => this.#received.length >= end);
    const text = this.#received.toString("utf8", head, end);
    this.#received = this.#received.subarray(end);
    return JSON.parse(text);
  }

  /** Reads nothing more. */
  stopReading(): void {
    this.#socket.pause();
  }

  /** Drops the connection. */
  destroy(): void {
    this.#socket.destroy();
  }

  #write(head: number, payload: Uint8Array): void {
    const length = payload.length < 126
      ? [MASK | payload.length]
      : [MASK | 126, payload.length >> 8, payload.length & 0xff];
    // With a mask of zeros the payload stays as it is.
    this.#socket.write(Buffer.concat([Buffer.from([head, ...length, 0, 0, 0, 0]), payload]));
  }

  async #until(condition: () => boolean): Promise<void> {
    while (!condition()) {
      if (this.#over) throw new Error("the connection has ended");
      await new Promise<void>((resolve) => this.#arrived = resolve);
    }
  }
}
