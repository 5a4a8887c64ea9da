import { CLOSE } from "./close_codes.ts";
import { MAX_MESSAGE_BYTES } from "./message.ts";

/** What is used of a WebSocket of either side: a `WebSocket`, or what Hono makes of a runtime's own. */
export interface RawSocket {
  send(data: string | Uint8Array<ArrayBuffer>): void;
  close(code?: number, reason?: string): void;
}

/** The longest reason that a WebSocket may be closed with, in bytes. */
const MAX_REASON = 123;

/** Bytes that may wait to be sent: more than ever are for a peer that acknowledges what it gets. */
const MAX_UNSENT = 4 * 1024 * 1024;

/** How many bytes may wait until the runtime has read them: more than any honest peer has on its way. */
const MAX_UNREAD = 16 * MAX_MESSAGE_BYTES;

/**
 * One WebSocket, of whichever side and runtime: never throws, hands on messages in their order even
 * where they arrive as `Blob`, and really ends, whatever the other side does.
 */
export class Socket {
  readonly #raw: RawSocket;
  readonly #terminate: () => void;
  readonly #unsent: () => number;
  /** Called when nothing at all will happen any more. */
  onGone: () => void = () => {};
  #onMessage: (data: string | Uint8Array) => void = () => {};
  #onClosed: (code: number, reason: string) => void = () => {};
  #state: "open" | "closing" | "closed" = "open";
  /** The messages that are still being read, one after the other; `null` if there are none. */
  #reading: Promise<void> | null = null;
  #unread = 0;
  #ticksClosing = 0;

  /**
   * `terminate` cuts the connection without a farewell, where the runtime can do that. `unsent` says how many
   * bytes wait to be sent, where it can do that.
   */
  constructor(raw: RawSocket, terminate: () => void, unsent: () => number = () => 0) {
    this.#raw = raw;
    this.#terminate = terminate;
    this.#unsent = unsent;
  }

  /** Whether anything can be sent. */
  get isOpen(): boolean {
    return this.#state === "open";
  }

  /**
   * `onMessage` is called with each message as long as the socket is open. `onClosed` is called once,
   * when it is open no longer, whoever ended it.
   */
  listen(
    onMessage: (data: string | Uint8Array) => void,
    onClosed: (code: number, reason: string) => void,
  ): void {
    this.#onMessage = onMessage;
    this.#onClosed = onClosed;
  }

  /** Sends; what cannot be sent is lost. */
  send(data: string | Uint8Array<ArrayBuffer>): void {
    if (this.#state !== "open") return;
    try {
      if (this.#unsent() > MAX_UNSENT) {
        this.close(CLOSE.timeout, "what is sent is not read");
        return this.terminate();
      }
      this.#raw.send(data);
    } catch {
      // It is about to be closed, and says so by itself.
    }
  }

  /** Says farewell, and takes nothing more from the other side. */
  close(code: number, reason: string): void {
    if (this.#state !== "open") return;
    this.#state = "closing";
    try {
      this.#raw.close(code, shorten(reason));
    } catch {
      this.terminate();
    }
    this.#onClosed(code, reason);
  }

  /** Cuts the connection, if the runtime can. */
  terminate(): void {
    try {
      this.#terminate();
    } catch {
      // It is gone already.
    }
  }

  /**
   * Called in regular intervals: who does not return the farewell in time is cut off, and if even that
   * has no effect, the runtime is left alone with it.
   */
  tick(): void {
    if (this.#state !== "closing" || ++this.#ticksClosing < 2) return;
    if (this.#ticksClosing < 4) this.terminate();
    else this.gone(1006, "");
  }

  /** To be called with the data of each message. */
  received(data: unknown): void {
    if (this.#state !== "open") return;
    if (typeof data === "string") return this.#inOrder(data);
    if (data instanceof ArrayBuffer) return this.#inOrder(new Uint8Array(data));
    if (ArrayBuffer.isView(data)) {
      return this.#inOrder(new Uint8Array(data.buffer, data.byteOffset, data.byteLength));
    }
    if (typeof Blob === "function" && data instanceof Blob) return this.#read(data);
    this.close(CLOSE.malformed, "neither text nor bytes");
  }

  /** To be called when the runtime tells of an error: not everywhere does it tell of the end as well. */
  failed(): void {
    this.close(CLOSE.malformed, "the connection has failed");
  }

  /** To be called when the connection is gone. */
  gone(code: number, reason: string): void {
    const wasOpen = this.#state === "open";
    if (this.#state === "closed") return;
    this.#state = "closed";
    this.onGone();
    if (wasOpen) this.#onClosed(code, reason);
  }

  #inOrder(data: string | Uint8Array): void {
    if (this.#reading === null) this.#hand(data);
    else this.#append(Promise.resolve(data));
  }

  #read(blob: Blob): void {
    this.#unread += blob.size;
    if (this.#unread > MAX_UNREAD) return this.close(CLOSE.malformed, "too much at once");
    // Caught at once: it may fail while others are still being read.
    const read = blob.arrayBuffer().then((buffer) => new Uint8Array(buffer), () => null);
    this.#append(read, blob.size);
  }

  /** Hands on what `read` resolves to when all before it has been handed on. */
  #append(read: Promise<string | Uint8Array | null>, size = 0): void {
    const reading = (this.#reading ?? Promise.resolve()).then(() => read).then((data) => {
      this.#unread -= size;
      if (this.#reading === reading) this.#reading = null;
      if (data === null) this.close(CLOSE.malformed, "a message that cannot be read");
      else this.#hand(data);
    });
    this.#reading = reading;
  }

  /** An exception here would end a process of Deno. */
  #hand(data: string | Uint8Array): void {
    if (this.#state !== "open") return;
    try {
      this.#onMessage(data);
    } catch {
      this.close(CLOSE.malformed, "a message that cannot be understood");
    }
  }
}

/** Reasons are ASCII but for what a peer has sent, such as its name. */
function shorten(reason: string): string {
  return reason.replace(/[^\x20-\x7e]/g, "?").slice(0, MAX_REASON);
}
