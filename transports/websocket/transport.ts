import type { Hono } from "hono";
import type { Drainable } from "../link/drainable.ts";
import type { Transport, TransportUser } from "../transport.ts";
import { WebSocketClient } from "./client.ts";
import type { WebSocketSettings } from "./options.ts";
import { WebSocketServer } from "./server.ts";
import { TIMES, type WebSocketTimes } from "./times.ts";

/** A transport over WebSockets, those that this node makes and those that its server takes. */
export class WebSocketTransport implements Transport, Drainable {
  readonly #client: WebSocketClient;
  readonly #server: WebSocketServer;

  /** Opens nothing before `open`. */
  constructor(settings: WebSocketSettings, times: WebSocketTimes = TIMES) {
    this.#client = new WebSocketClient(settings, times);
    this.#server = new WebSocketServer(settings, times, this.#client);
  }

  /** Accepts the connections of other nodes; a Hono app that the user mounts in an app. */
  get routes(): Hono {
    return this.#server.routes;
  }

  // deno-lint-ignore require-await -- misuse rejects
  async open(
    self: string,
    receive: (from: string, frame: Uint8Array) => void,
    report?: (error: Error) => void,
    user?: TransportUser,
  ): Promise<void> {
    this.#client.begin(self, receive, report, user);
    this.#server.open(self, user);
  }

  membersChanged(): void {
    this.#client.membersChanged();
  }

  send(to: string, frame: Uint8Array): void {
    this.#client.send(to, frame);
  }

  reaches(to: string): boolean {
    return this.#client.reaches(to);
  }

  hint(peer: string): void {
    this.#client.hint(peer);
  }

  async close(): Promise<void> {
    await Promise.all([this.#client.close(), this.#server.close()]);
  }

  drain(): Promise<void> {
    return this.#server.drain();
  }
}
