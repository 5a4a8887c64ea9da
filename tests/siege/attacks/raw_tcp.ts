import type { Reachable } from "../../transports/support/server.ts";
import { type Attack, orLate, repeat, type Who } from "./attack.ts";

/** A TCP connection whose bytes an attack writes itself. */
export class RawTcp {
  readonly #connection: Deno.TcpConn;
  /** Resolves with what the server has said when it has ended the connection. */
  readonly ended: Promise<string>;

  private constructor(connection: Deno.TcpConn, isDeaf: boolean) {
    this.#connection = connection;
    this.ended = isDeaf ? Promise.resolve("not read") : this.#read();
  }

  /** Connects to the server of a member. `isDeaf`: what the server says is not read. */
  static async open(
    server: Reachable,
    scheme: "ws" | "http",
    isDeaf = false,
  ): Promise<RawTcp> {
    const { hostname, port } = new URL(server.url(scheme));
    return new RawTcp(await Deno.connect({ hostname, port: Number(port) }), isDeaf);
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

/** Pings without content, with a mask: 10,000. */
const PINGS = new Uint8Array(60_000);
for (let at = 0; at < PINGS.length; at += 6) PINGS.set([0x89, 0x80], at);

/** A short message of text, with a mask of zeros, as bytes. */
function textFrame(text: string): Uint8Array {
  const bytes = new TextEncoder().encode(text);
  const head = [0x81, 0x80 | 126, bytes.length >> 8, bytes.length & 0xff, 0, 0, 0, 0];
  return Uint8Array.of(...head, ...bytes);
}

/** Opens WebSockets, says something of text on each of them, and sends pings without a pause. */
export function pings(
  what: string,
  who: Who,
  { isDeaf = false, say }: { isDeaf?: boolean; say?: () => Promise<string> } = {},
): Attack {
  return {
    ...{ what, who, over: "ws" },
    run: (field) =>
      repeat(field, 2, async () => {
        const connection = await RawTcp.open(field.victim, "ws", isDeaf);
        await connection.write(UPGRADE);
        if (say !== undefined) await connection.write(textFrame(await say()));
        let isOpen = true;
        while (isOpen && !field.isOver()) {
          const written = await orLate(connection.write(PINGS), 200);
          isOpen = written === true;
        }
        connection.close();
        return isOpen ? "still open" : await connection.ended;
      }),
  };
}
