/** The part of a DevTools protocol message that is used here. */
interface Message {
  readonly id?: number;
  readonly method?: string;
  readonly params?: Params;
  readonly result?: Params;
  readonly error?: { readonly message: string };
  readonly sessionId?: string;
}

/** Parameters and results; the protocol defines them. */
// deno-lint-ignore no-explicit-any -- their shape depends on the method
export type Params = Record<string, any>;

interface Pending {
  readonly session: string | undefined;
  readonly resolve: (result: Params) => void;
  readonly reject: (error: Error) => void;
}

/** A connection to a Chromium, over its DevTools protocol. */
export class Devtools {
  readonly #socket: WebSocket;
  readonly #pending = new Map<number, Pending>();
  readonly #listeners = new Set<(message: Message) => void>();
  #last = 0;

  private constructor(socket: WebSocket) {
    this.#socket = socket;
    socket.onmessage = ({ data }) => this.#received(JSON.parse(data));
    socket.onclose = () => this.#end(() => true, "the browser has ended");
  }

  /** Connects to the browser at `url`. */
  static async connect(url: string): Promise<Devtools> {
    const socket = new WebSocket(url);
    await new Promise<void>((resolve, reject) => {
      socket.onopen = () => resolve();
      socket.onerror = () => reject(new Error(`cannot connect to the browser at ${url}`));
    });
    return new Devtools(socket);
  }

  /** Sends a command to a tab or to the browser itself; rejects with the error that it reports. */
  send(method: string, params: Params = {}, session?: string): Promise<Params> {
    const id = ++this.#last;
    return new Promise((resolve, reject) => {
      if (this.#socket.readyState !== WebSocket.OPEN) {
        return reject(new Error(`${method}: the browser has ended`));
      }
      this.#pending.set(id, { session, resolve, reject });
      this.#socket.send(JSON.stringify({ id, method, params, sessionId: session }));
    });
  }

  /** The next event `method` of a tab. Call this before the action that causes the event. */
  event(method: string, session: string): Promise<Params> {
    return new Promise((resolve) => {
      const listener = (message: Message) => {
        if (message.method !== method || message.sessionId !== session) return;
        this.#listeners.delete(listener);
        resolve(message.params ?? {});
      };
      this.#listeners.add(listener);
    });
  }

  #received(message: Message): void {
    if (message.id === undefined) {
      if (message.method === "Target.detachedFromTarget") {
        const gone = message.params?.sessionId;
        this.#end(({ session }) => session === gone, "the tab has been closed");
      }
      for (const listener of [...this.#listeners]) listener(message);
      return;
    }
    const pending = this.#pending.get(message.id);
    this.#pending.delete(message.id);
    if (message.error) pending?.reject(new Error(message.error.message));
    else pending?.resolve(message.result ?? {});
  }

  #end(which: (pending: Pending) => boolean, why: string): void {
    for (const [id, pending] of this.#pending) {
      if (!which(pending)) continue;
      this.#pending.delete(id);
      pending.reject(new Error(why));
    }
  }
}
