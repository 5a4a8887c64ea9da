import { decodeDown, encodeUp } from "../../../lib/codec/guest_frame.ts";
import type {
  DownMessage,
  GuestOperation,
  UpFrame,
  UpMessage,
} from "../../../lib/codec/guest_messages.ts";
import { type Life, makeLife } from "../../../lib/paxos/ballot.ts";
import { VERSION } from "../../../transports/auth/version.ts";
import { FrameReader, writeFrames } from "../../../transports/link/frame_stream.ts";
import { nodeToken } from "../../../transports/websocket.ts";
import { decodeMessage, encodeMessage, MAX_PIECE } from "../../../transports/websocket/message.ts";
import { SECRET } from "../../transports/support/networks.ts";
import { RawSocket } from "../../transports/support/raw_socket.ts";
import type { Reachable } from "../../transports/support/server.ts";
import { turn } from "../../support/wait.ts";
import type { Over } from "./attack.ts";

/** Unsent bytes at most. */
const MAX_UNSENT = 4 * 2 ** 20;

/** The time to live that it asks for, in milliseconds. */
const TTL = 2_000;

let guests = 0;

/** How a guest differs from the usual one. */
export interface RawGuestOptions {
  readonly id?: string;
  readonly life?: Life;
  /** It does not acknowledge what comes. */
  readonly isDeaf?: boolean;
}

/** A guest with a valid token that an attack plays by hand. */
export class RawGuest {
  readonly id: string;
  readonly life: Life;
  readonly #server: Reachable;
  readonly #token: string;
  readonly #socket: RawSocket | null;
  readonly #isDeaf: boolean;
  readonly #reader = new FrameReader();
  #received = 0;
  #gateway: Life | null = null;
  #genesis: string | null = null;
  #ticket = 0;
  #clock = 0;
  /** The number of its last operation. */
  last = 0;
  /** The messages that came, the newest ones. */
  readonly got: DownMessage[] = [];
  /** How the connection has ended. */
  end: string | null = null;

  private constructor(
    server: Reachable,
    identity: { readonly id: string; readonly life: Life; readonly token: string },
    socket: RawSocket | null,
    isDeaf: boolean,
  ) {
    this.#server = server;
    this.id = identity.id;
    this.life = identity.life;
    this.#token = identity.token;
    this.#socket = socket;
    this.#isDeaf = isDeaf;
    if (socket !== null) void this.#listen(socket);
  }

  /** Connects, and says hello to the gateway. */
  static async enter(
    server: Reachable,
    over: Over,
    options: RawGuestOptions = {},
  ): Promise<RawGuest> {
    const guest = await RawGuest.connect(server, over, options);
    await guest.say([{ type: "hello", ttl: TTL, session: 0 }], { gateway: null });
    for (let waits = 0; guest.#gateway === null && guest.end === null && waits < 500; waits++) {
      await turn(2);
    }
    return guest;
  }

  /** Connects with a token, and says nothing. */
  static async connect(
    server: Reachable,
    over: Over,
    { id = `attacker-${++guests}`, life, isDeaf = false }: RawGuestOptions = {},
  ): Promise<RawGuest> {
    const token = await nodeToken({ secret: SECRET, id });
    const identity = { id, token, life: life ?? makeLife(Date.now(), Math.random) };
    if (over === "http") return new RawGuest(server, identity, null, isDeaf);
    const hello = { synod: VERSION, cluster: "synod", guest: id, life: identity.life, token };
    const socket = await RawSocket.open(server.url("ws"), hello);
    await socket.next();
    return new RawGuest(server, identity, socket, isDeaf);
  }

  /** Its clock, which the gateway told. */
  get clock(): number {
    return this.#clock;
  }

  /** Sends messages in a valid frame that `change` makes another one. */
  say(messages: readonly UpMessage[], change: Partial<UpFrame> = {}): Promise<void> {
    const numbers = { ticket: this.#ticket, done: 0, open: [] };
    const frame = { gateway: this.#gateway, genesis: this.#genesis, ...numbers, messages };
    return this.send(encodeUp({ ...frame, ...change }));
  }

  /** Sends an operation. */
  run(operation: GuestOperation, since: number = this.#clock): Promise<void> {
    return this.say([this.order(operation, since)]);
  }

  /** The message that asks for an operation. */
  order(operation: GuestOperation, since: number = this.#clock): UpMessage {
    return { type: "run", number: ++this.last, since, again: false, timeout: 1_000, operation };
  }

  /** Sends any frames. */
  async send(...frames: Uint8Array[]): Promise<void> {
    const bytes = writeFrames(frames);
    if (this.#socket === null) return await this.post(bytes);
    for (let at = 0; at < bytes.length && this.end === null; at += MAX_PIECE) {
      this.#write(bytes.subarray(at, at + MAX_PIECE));
      if (this.#socket.unsent > MAX_UNSENT) await this.drained();
    }
  }

  /** Waits until little is unsent. */
  async drained(): Promise<void> {
    while (this.end === null && (this.#socket?.unsent ?? 0) > MAX_UNSENT / 2) await turn(1);
  }

  /** Sends a message over WebSocket as it is. */
  raw(message: string | Uint8Array<ArrayBuffer>): void {
    this.#socket?.send(message);
  }

  /** Makes a request with this body. */
  async post(body: BodyInit, headers: Record<string, string> = {}): Promise<void> {
    try {
      const response = await fetch(`${this.#server.url("http")}/guest`, {
        method: "POST",
        headers: {
          authorization: `Bearer ${this.#token}`,
          "synod-guest": `synod ${this.id}/${this.life}`,
          "synod-hold": "100",
          ...headers,
        },
        body,
      });
      const bytes = new Uint8Array(await response.arrayBuffer());
      if (response.status !== 200) this.end = `${response.status}`;
      else this.#take(bytes, new FrameReader());
    } catch {
      this.end = "cut off";
    }
  }

  /** Waits for the end, for at most `time` milliseconds; returns how it was answered. */
  async fate(time = 300): Promise<string> {
    for (const begun = Date.now(); this.end === null && Date.now() - begun < time;) await turn(2);
    if (this.end !== null) return this.end;
    const said = this.got.findLast(({ type }) => type === "failed" || type === "result");
    if (said?.type === "failed") return said.code;
    return said?.type === "result" ? said.outcome.type : "nothing";
  }

  /** Ends the connection. */
  close(): void {
    void this.#socket?.close();
  }

  #write(piece: Uint8Array, answerNow = false): void {
    this.#socket?.send(encodeMessage({ answerNow, acknowledged: this.#received, piece }));
  }

  async #listen(socket: RawSocket): Promise<void> {
    void socket.ended.then(({ code }) => this.end ??= `${code}`);
    for (;;) {
      const data = await socket.next();
      if (data === null) return;
      const message = typeof data === "string" ? null : decodeMessage(data);
      if (message === null || this.#isDeaf) continue;
      if (message.piece.length > 0) this.#received++;
      if (message.piece.length > 0 || message.answerNow) this.#write(new Uint8Array(0));
      this.#take(message.piece, this.#reader);
    }
  }

  #take(bytes: Uint8Array, reader: FrameReader): void {
    if (bytes.length === 0) return;
    for (const bytesOf of reader.read(bytes) ?? []) {
      const decoded = decodeDown(bytesOf);
      if (!decoded.ok) continue;
      const { frame } = decoded;
      this.#gateway = frame.gateway;
      this.#genesis = frame.genesis;
      this.#ticket = Math.max(this.#ticket, frame.ticket);
      this.#clock = Math.max(this.#clock, frame.clock);
      this.got.push(...frame.messages);
      this.got.splice(0, this.got.length - 100);
    }
  }
}
