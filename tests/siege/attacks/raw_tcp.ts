import type { Reachable } from "../../transports/support/server.ts";

/** A TCP connection whose bytes an attack writes itself. */
export class RawTcp {
  readonly #connection: Deno.TcpConn;
  /** Resolves with what the server has said when it has ended the connection. */
  readonly ended: Promise<string>;

  private constructor(connection: Deno.TcpConn) {
    this.#connection = connection;
    this.ended = this.#read();
  }

  /** Connects to the server of a member. */
  static async open(server: Reachable, scheme: "ws" | "http"): Promise<RawTcp> {
    const { hostname, port } = new URL(server.url(scheme));
    return new RawTcp(await Deno.connect({ hostname, port: Number(port) }));
  }

  /** Writes; returns whether the connection is still open. */
  async write(data: string | Uint8Array): Promise<boolean> {
    const bytes = typeof data === "string" ? new TextEncoder().encode(data) : data;
    try {
      for (let at = 0; at < bytes.length;) at += await this.#connection.write(bytes.subarray(at));
      return true;
    } catch {
      return false;
    }
  }

  /** Closes it. */
  close(): void {
    try {
      this.#connection.close();
    } catch {
      // It is closed already.
    }
  }

  async #read(): Promise<string> {
    let said = "";
    const bytes = new Uint8Array(65_536);
    try {
      for (;;) {
        const count = await this.#connection.read(bytes);
        if (count === null) break;
        if (said.length < 1_000) said += new TextDecoder().decode(bytes.subarray(0, count));
      }
    } catch {
      // It was cut off.
    }
    return /^HTTP\/1\.\d (\d+)/.exec(said)?.[1] ?? (said === "" ? "cut off" : "ended");
  }
}

/** A request for a WebSocket, as text. */
export const UPGRADE: string = [
  "GET /synod HTTP/1.1",
  "host: 127.0.0.1",
  "connection: Upgrade",
  "upgrade: websocket",
  "sec-websocket-version: 13",
  "sec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==",
  "",
  "",
].join("\r\n");
