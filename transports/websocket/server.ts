import { Hono, type MiddlewareHandler } from "hono";
import { type AdmittedPeer, Authenticator } from "../auth/authenticator.ts";
import { type AdmittedGuest, GuestAuthenticator } from "../auth/guest_authenticator.ts";
import { refusePage } from "../auth/origin.ts";
import type { GuestReception } from "../guests.ts";
import { beatOf } from "../link/beat.ts";
import { byChance } from "../link/by_chance.ts";
import type { TransportUser } from "../transport.ts";
import type { WebSocketClient } from "./client.ts";
import { CLOSE } from "./close_codes.ts";
import type { SocketUser } from "./dialler.ts";
import { GuestUser } from "./guest_user.ts";
import { IncomingConnection } from "./incoming_connection.ts";
import { type NativeSocket, unsentOf } from "./native_socket.ts";
import type { ServerSocket, ServerSocketEvents, WebSocketSettings } from "./options.ts";
import { Socket } from "./socket.ts";
import { Sockets } from "./sockets.ts";
import type { WebSocketTimes } from "./times.ts";

/** Incoming connections in their handshake at once; above that a random one has to make room. */
const MAX_INCOMING = 1_000;

const IS_DENO = globalThis.navigator?.userAgent?.startsWith("Deno/") ?? false;

/**
 * For Deno; other runtimes ignore the option. Deno drops a connection whose other side does not answer a
 * ping for that time, in seconds, and has no other way to drop one. If a connection breaks off, the timer of
 * this check keeps the process alive for up to half of that time.
 */
const UPGRADE_OPTIONS = { idleTimeout: 10 } as const;

/** Takes the connections of other nodes and of guests, in a server of the user. */
export class WebSocketServer {
  /** A Hono app that the user mounts in an app. */
  readonly routes: Hono;
  readonly #settings: WebSocketSettings;
  readonly #times: WebSocketTimes;
  /** Has the peers. */
  readonly #client: WebSocketClient;
  readonly #incoming = new Set<IncomingConnection>();
  readonly #sockets = new Sockets();
  #draining: Promise<void> | null = null;
  #authenticator: Authenticator | null = null;
  /** Takes guests, and decides on them; `null`: there are none here. */
  #reception: GuestReception | null = null;
  #guestAuthenticator: GuestAuthenticator | null = null;
  readonly #guests = new Set<GuestUser>();
  #timer: ReturnType<typeof setInterval> | undefined;
  #beats: ReturnType<typeof setInterval> | undefined;

  /** Takes nothing before `open`. */
  constructor(settings: WebSocketSettings, times: WebSocketTimes, client: WebSocketClient) {
    this.#settings = settings;
    this.#times = times;
    this.#client = client;
    this.routes = this.#makeRoutes();
  }

  /** Must be called when the client is open. */
  open(self: string, user: TransportUser | undefined): void {
    const { cluster, credentials, peers } = this.#settings;
    const isServer = (id: string) => peers.has(id) || user?.members.includes(id) === true;
    this.#authenticator = new Authenticator(self, cluster, credentials);
    this.#reception = user?.guests ?? null;
    if (this.#reception !== null) {
      this.#guestAuthenticator = new GuestAuthenticator(cluster, credentials, isServer);
    }
    this.#timer = setInterval(() => this.#tick(), this.#times.tick);
    this.#beats = setInterval(() => {
      for (const guest of this.#guests) guest.beat();
    }, this.#times.beat ?? beatOf(user));
  }

  /** See `Drainable.drain`. */
  drain(): Promise<void> {
    return this.#draining ??= this.#drain();
  }

  async #drain(): Promise<void> {
    for (const peer of this.#client.peers) peer.flush();
    await this.#end("the server stops");
  }

  /** Must be called when the client has begun to close. */
  async close(): Promise<void> {
    clearInterval(this.#timer);
    clearInterval(this.#beats);
    await this.#end("the node has closed");
  }

  /** Closes all connections, and waits until they are gone, or drops those that take too long. */
  async #end(reason: string): Promise<void> {
    for (const guest of this.#guests) guest.close("closing", reason);
    await this.#sockets.end(CLOSE.goingAway, reason, this.#times.close);
  }

  #tick(): void {
    for (const incoming of this.#incoming) incoming.tick();
    this.#sockets.tick();
  }

  #makeRoutes(): Hono {
    const routes = new Hono();
    const { upgradeWebSocket } = this.#settings;
    const upgrade: MiddlewareHandler | undefined = upgradeWebSocket?.(
      () => this.#accept(),
      UPGRADE_OPTIONS,
    );
    const accept: MiddlewareHandler = async (context, next) => {
      if (upgrade === undefined) return context.text("This node accepts no connections.", 501);
      if (!this.#client.peers.isOpen) return context.text("This node is not open.", 503);
      if (this.#draining !== null) return context.text("This server stops.", 503);
      const refused = refusePage(context, this.#settings.credentials, this.#client.ownHost);
      if (refused !== null) return refused;
      return await upgrade(context, next);
    };
    return routes.get("/", accept);
  }

  /** The listeners of one incoming connection. */
  #accept(): ServerSocketEvents {
    let socket: Socket | null = null;
    // Some runtimes report a connection only with its first message, and some pass a new object with each
    // event. The first object serves for all events.
    const met = (raw: ServerSocket): Socket => {
      if (socket !== null) return socket;
      const inner = raw.raw as NativeSocket | undefined;
      const terminate = () => inner?.terminate?.();
      socket = new Socket(raw, terminate, () => unsentOf(inner), IS_DENO);
      this.#meet(socket, inner);
      return socket;
    };
    return {
      onOpen: (_, raw) => void met(raw),
      onMessage: ({ data }, raw) => met(raw).received(data),
      onClose: ({ code, reason }) => socket?.gone(code, reason),
      onError: () => socket?.failed(),
    };
  }

  /** Handles a new incoming connection. */
  #meet(socket: Socket, native: NativeSocket | undefined): void {
    this.#sockets.add(socket);
    const isStopping = !this.#client.peers.isOpen || this.#draining !== null;
    if (isStopping || this.#authenticator === null) {
      return socket.close(CLOSE.goingAway, "the node has closed");
    }
    let user: SocketUser | null = null;
    const [nodes, guests] = [this.#authenticator, this.#guestAuthenticator];
    const incoming = new IncomingConnection(socket, nodes, guests, (admission) => {
      this.#incoming.delete(incoming);
      user = "id" in admission
        ? this.#admit(socket, admission)
        : this.#admitGuest(socket, native, admission);
    });
    this.#incoming.add(incoming);
    socket.listen((data) => (user ?? incoming).take(data), () => {
      this.#incoming.delete(incoming);
      user?.lost();
    });
    if (this.#incoming.size > MAX_INCOMING) {
      const other = byChance(this.#incoming, (one) => one !== incoming);
      other?.postpone("there are too many new connections");
    }
  }

  #admitGuest(
    socket: Socket,
    native: NativeSocket | undefined,
    admission: AdmittedGuest,
  ): SocketUser | null {
    if (this.#reception === null) return null;
    const guest = new GuestUser(
      socket,
      native,
      admission,
      this.#reception,
      (guest) => this.#guests.delete(guest),
    );
    if (socket.isOpen) this.#guests.add(guest);
    return guest;
  }

  /** Takes the connection of a peer that is authenticated as `id`, and ends an older one of that node. */
  #admit(socket: Socket, { id }: AdmittedPeer): SocketUser | null {
    const [code, reason] = [CLOSE.tryLater, "there are too many nodes"];
    if (!this.#client.peers.admits(id, (other) => other.close(code, reason))) {
      socket.close(code, reason);
      return null;
    }
    return this.#client.accept(id, socket);
  }
}
