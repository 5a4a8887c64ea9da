import { CLOSE } from "./close_codes.ts";
import { MAX_MESSAGE_BYTES } from "./message.ts";

/** The common part of a `WebSocket` and of Hono's `WSContext` that a {@linkcode Socket} uses. */
export interface RawSocket {
  send(data: string | Uint8Array<ArrayBuffer>): void;
  close(code?: number, reason?: string): void;
}

/** The longest close reason of a WebSocket, in bytes (RFC 6455). */
const MAX_REASON = 123;

/** The bytes that may wait to be sent: more than the window of a peer that acknowledges. */
const MAX_UNSENT = 4 * 1024 * 1024;

/** The bytes of messages that may wait to be delivered: more than a correct peer has in flight. */
const MAX_UNREAD = 16 * MAX_MESSAGE_BYTES;

/** Ticks in which the runtime must have ended a silent connection that was left. */
const LEFT_TICKS = 6;

/** The overhead in bytes that each waiting message counts, so that the number of tiny ones is bounded too. */
const MESSAGE_COST = 100;

/**
 * One WebSocket, of either side and of any runtime. It never throws, delivers messages in order even if
 * they arrive as `Blob`, and ends even if the other side does not answer.
 */
export class Socket {
  readonly #raw: RawSocket;
  readonly #terminate: () => void;
  readonly #unsent: () => number;
  /**
   * Whether the runtime drops the connection itself if the other side is silent: Deno does, and cannot drop
   * one whose closing handshake is not answered.
   */
  readonly #dropsSilent: boolean;
  /** Called once when the socket is gone; no other callback follows, except `onClosed` right after it. */
  onGone: () => void = () => {};
  #onMessage: (data: string | Uint8Array) => void = () => {};
  #onClosed: (code: number, reason: string) => void = () => {};
  /** `left`: the runtime ends it, unless the other side breaks its silence. */
  #state: "open" | "left" | "closing" | "closed" = "open";
  #farewell: readonly [code: number, reason: string] = [CLOSE.timeout, ""];
  /** Resolves when all messages that are being read have been delivered; `null` if there are none. */
  #reading: Promise<void> | null = null;
  #unread = 0;
  #ticks = 0;

  /**
   * `terminate` drops the connection without a closing handshake, if the runtime can do that. `unsent`
   * returns the number of bytes that wait to be sent, or 0 if the runtime does not tell.
   */
  constructor(
    raw: RawSocket,
    terminate: () => void,
    unsent: () => number = () => 0,
    dropsSilent = false,
  ) {
    this.#raw = raw;
    this.#terminate = terminate;
    this.#unsent = unsent;
    this.#dropsSilent = dropsSilent;
  }

  /** Whether messages can be sent. */
  get isOpen(): boolean {
    return this.#state === "open";
  }

  /**
   * `onMessage` is called with each message as long as the socket is open. `onClosed` is called once, when
   * either side has ended it.
   */
  listen(
    onMessage: (data: string | Uint8Array) => void,
    onClosed: (code: number, reason: string) => void,
  ): void {
    this.#onMessage = onMessage;
    this.#onClosed = onClosed;
  }

  /** Sends a message, or loses it if it cannot be sent. */
  send(data: string | Uint8Array<ArrayBuffer>): void {
    if (this.#state !== "open") return;
    try {
      if (this.#unsent() > MAX_UNSENT) {
        this.close(CLOSE.timeout, "the peer does not read");
        return this.terminate();
      }
      this.#raw.send(data);
    } catch {
      // The socket is closing, and calls `gone` by itself.
    }
  }

  /** Starts the closing handshake, and delivers no more messages. */
  close(code: number, reason: string): void {
    if (this.#state === "left") return this.#beginClosing(...this.#farewell);
    if (this.#state !== "open") return;
    this.#beginClosing(code, reason);
    this.#onClosed(code, reason);
  }

  /** Ends the connection with a side that is silent. Delivers no more messages. */
  leave(code: number, reason: string): void {
    if (!this.#dropsSilent) return this.close(code, reason);
    if (this.#state !== "open") return;
    this.#state = "left";
    this.#farewell = [code, reason];
    this.#ticks = 0;
    this.#onClosed(code, reason);
  }

  #beginClosing(code: number, reason: string): void {
    this.#state = "closing";
    this.#ticks = 0;
    try {
      this.#raw.close(code, shorten(reason));
    } catch {
      this.terminate();
    }
  }

  /** Drops the connection without a closing handshake, if the runtime can. */
  terminate(): void {
    try {
      this.#terminate();
    } catch {
      // The connection is gone already.
    }
  }

  /**
   * Must be called at regular intervals. Drops the connection if the other side does not answer the
   * closing handshake in time. If that has no effect either, the socket counts as gone.
   */
  tick(): void {
    if (this.#state === "open") return;
    this.#ticks++;
    if (this.#state === "left") {
      if (this.#ticks > LEFT_TICKS) this.close(...this.#farewell);
    } else if (this.#ticks >= 4) {
      this.gone(1006, "");
    } else if (this.#ticks >= 2) {
      this.terminate();
    }
  }

  /** Must be called with the data of each message. */
  received(data: unknown): void {
    // It was not gone, only slow: it learns that the connection has ended.
    if (this.#state === "left") return this.close(...this.#farewell);
    if (this.#state !== "open") return;
    if (typeof data === "string") return this.#inOrder(data);
    if (data instanceof ArrayBuffer) return this.#inOrder(new Uint8Array(data));
    if (ArrayBuffer.isView(data)) {
      return this.#inOrder(new Uint8Array(data.buffer, data.byteOffset, data.byteLength));
    }
    if (typeof Blob === "function" && data instanceof Blob) return this.#read(data);
    this.close(CLOSE.malformed, "neither text nor bytes");
  }

  /** Must be called when the runtime reports an error: some runtimes report no end after it. */
  failed(): void {
    this.close(CLOSE.malformed, "the connection has failed");
  }

  /** Must be called when the connection is gone. */
  gone(code: number, reason: string): void {
    const wasOpen = this.#state === "open";
    if (this.#state === "closed") return;
    this.#state = "closed";
    this.onGone();
    if (wasOpen) this.#onClosed(code, reason);
  }

  /** Delivers later messages only when `until` has resolved. It must not reject. */
  hold(until: Promise<void>): void {
    this.#wait(() => until);
  }

  #inOrder(data: string | Uint8Array): void {
    if (this.#reading === null) this.#hand(data);
    else this.#append(data.length, () => Promise.resolve(data));
  }

  #read(blob: Blob): void {
    // Caught at once: it may fail while earlier messages are still being read.
    const read = blob.arrayBuffer().then((buffer) => new Uint8Array(buffer), () => null);
    this.#append(blob.size, () => read);
  }

  /** Delivers the message that `read` resolves to, after all earlier messages. */
  #append(size: number, read: () => Promise<string | Uint8Array | null>): void {
    this.#unread += size + MESSAGE_COST;
    if (this.#unread > MAX_UNREAD) return this.close(CLOSE.malformed, "too much at once");
    this.#wait(async () => {
      const data = await read();
      this.#unread -= size + MESSAGE_COST;
      if (data === null) this.close(CLOSE.malformed, "a message that cannot be read");
      else this.#hand(data);
    });
  }

  /** Runs `work` after all that is being read; what arrives meanwhile waits. */
  #wait(work: () => Promise<void>): void {
    const reading = (this.#reading ?? Promise.resolve()).then(work).then(() => {
      if (this.#reading === reading) this.#reading = null;
    });
    this.#reading = reading;
  }

  /** Delivers a message. An uncaught exception here would end a Deno process. */
  #hand(data: string | Uint8Array): void {
    if (this.#state !== "open") return;
    try {
      this.#onMessage(data);
    } catch {
      this.close(CLOSE.malformed, "a message that cannot be read");
    }
  }
}

/** Replaces characters outside of ASCII, which only text from a peer can contain, and cuts the reason. */
function shorten(reason: string): string {
  return reason.replace(/[^\x20-\x7e]/g, "?").slice(0, MAX_REASON);
}
