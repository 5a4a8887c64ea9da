import { type AddressInfo, createServer, type Server, type Socket } from "node:net";

const PAGE = "<!doctype html><title>Log in</title>";

/** What a server does with each connection. */
export type Answer = "page" | "nothing" | "reset";

/** A server that is not a node: it answers each request with a page, or never, or closes each connection. */
export class Answering {
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  /** How many connections there have been. */
  connections = 0;

  constructor(answer: Answer) {
    this.#server = createServer((socket) => {
      this.connections++;
      this.#sockets.add(socket);
      socket.on("error", () => {});
      socket.on("close", () => this.#sockets.delete(socket));
      if (answer === "reset") return void socket.destroy();
      socket.on("data", () => {
        if (answer === "nothing") return;
        socket.end(
          `HTTP/1.1 200 OK\r\ncontent-type: text/html; charset=utf-8\r\n` +
            `content-length: ${PAGE.length}\r\nconnection: close\r\n\r\n${PAGE}`,
        );
      });
    });
  }

  /** Listens on a free port of 127.0.0.1, and returns it. */
  async listen(): Promise<number> {
    await new Promise<void>((resolve) => this.#server.listen(0, "127.0.0.1", resolve));
    return (this.#server.address() as AddressInfo).port;
  }

  /** Ends all connections, and stops listening. */
  async close(): Promise<void> {
    const closed = new Promise<void>((resolve) => this.#server.close(() => resolve()));
    for (const socket of this.#sockets) socket.destroy();
    await closed;
  }
}

/** A port of 127.0.0.1 at which nothing listens. */
export async function closedPort(): Promise<number> {
  const server = new Answering("reset");
  const port = await server.listen();
  await server.close();
  return port;
}
