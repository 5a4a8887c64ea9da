/** What the server does with a connection of a member: `hello` is its first message. */
export type Speak = (socket: WebSocket, hello: string) => void;

/** How the server answers a request of a member. */
export type Answer = (request: Request) => Response | Promise<Response>;

/** What the server does during one attack. */
export interface Conduct {
  readonly speak?: Speak;
  /** In place of an upgrade. */
  readonly refuse?: Answer;
  readonly answer?: Answer;
}

/**
 * A server at the address of a peer, which does not know the secret. Between attacks it keeps the members waiting, so
 * that each attack finds connections of all of them.
 */
export class StandIn {
  /** The id of the peer. */
  readonly id: string;
  readonly #server: Deno.HttpServer<Deno.NetAddr>;
  readonly #waiting = new Map<WebSocket, string>();
  readonly #sockets = new Set<WebSocket>();
  #conduct: Conduct | null = null;
  /** The requests that wait for an attack. */
  readonly #held = new Set<() => void>();

  /** Listens on a free port. */
  constructor(id: string) {
    this.id = id;
    const options = { hostname: "127.0.0.1", port: 0, onListen: () => {}, onError: closed };
    this.#server = Deno.serve(options, (request) => this.#handle(request));
  }

  /** Its address. */
  url(scheme: "ws" | "http"): string {
    return `${scheme}://127.0.0.1:${this.#server.addr.port}/synod`;
  }

  /** Behaves like this until the time of an attack is over. */
  async during(over: Promise<void>, conduct: Conduct): Promise<void> {
    this.#conduct = conduct;
    for (const [socket, hello] of this.#waiting) this.#speak(socket, hello);
    this.#waiting.clear();
    if (conduct.answer !== undefined) {
      for (const go of this.#held) go();
      this.#held.clear();
    }
    await over;
    this.#conduct = null;
    for (const socket of this.#sockets) socket.close();
    this.#sockets.clear();
  }

  #speak(socket: WebSocket, hello: string): void {
    this.#sockets.add(socket);
    this.#conduct?.speak?.(socket, hello);
  }

  async #handle(request: Request): Promise<Response> {
    if (request.headers.get("upgrade") !== "websocket") {
      if (this.#conduct?.answer === undefined) {
        await new Promise<void>((resolve) => this.#held.add(resolve));
      }
      return await this.#conduct?.answer?.(request) ?? new Response(null, { status: 500 });
    }
    if (this.#conduct?.refuse !== undefined) return await this.#conduct.refuse(request);
    const { socket, response } = Deno.upgradeWebSocket(request, { idleTimeout: 0 });
    socket.binaryType = "arraybuffer";
    socket.onerror = () => {};
    socket.onclose = () => {
      this.#waiting.delete(socket);
      this.#sockets.delete(socket);
    };
    socket.onmessage = ({ data }) => {
      socket.onmessage = null;
      if (this.#conduct?.speak === undefined) this.#waiting.set(socket, `${data}`);
      else this.#speak(socket, `${data}`);
    };
    return response;
  }
}

const closed = () => new Response(null, { status: 500 });
