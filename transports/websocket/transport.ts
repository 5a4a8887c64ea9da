import { Hono, type MiddlewareHandler } from "hono";
import { prepare } from "../auth/credentials.ts";
import { type AdmittedPeer, Authenticator } from "../auth/authenticator.ts";
import { type AdmittedGuest, GuestAuthenticator } from "../auth/guest_authenticator.ts";
import { HandshakeClient } from "../auth/handshake_client.ts";
import { refusePage } from "../auth/origin.ts";
import type { GuestReception } from "../guests.ts";
import { backoffOf, type BackoffTimes } from "../link/backoff.ts";
import { beatOf } from "../link/beat.ts";
import { byChance } from "../link/by_chance.ts";
import { Peers } from "../link/peers.ts";
import { ConnectionReports } from "../link/reports.ts";
import type { Transport, TransportUser } from "../transport.ts";
import { CLOSE } from "./close_codes.ts";
import { Connection, type PieceSize } from "./connection.ts";
import { Dialler, type SocketUser } from "./dialler.ts";
import { GuestUser } from "./guest_user.ts";
import type { ServerSocket, ServerSocketEvents, WebSocketSettings } from "./options.ts";
import { WebSocketPeer } from "./peer.ts";
import { Socket } from "./socket.ts";
import { IncomingConnection } from "./incoming_connection.ts";

/** Times, in milliseconds. */
export interface WebSocketTimes {
  /** Waits between attempts to connect. Default: derived from the node's session TTL. */
  readonly backoff?: BackoffTimes;
  /** The time limit of an attempt to connect, with the handshake. */
  readonly connect: number;
  /** The interval of the check of closing sockets and of incoming connections. */
  readonly tick: number;
  /**
   * The interval of beats; a peer is considered dead after three beats without a message. Default: derived
   * from the node's session TTL.
   */
  readonly beat?: number;
  /** The time limit for the end of all connections when the transport closes. */
  readonly close: number;
}

/** The times used outside of tests. */
export const TIMES: WebSocketTimes = { connect: 10_000, tick: 5_000, close: 1_000 };

/** Incoming connections in their handshake at once; above that a random one has to make room. */
const MAX_INCOMING = 1_000;

const IS_DENO = globalThis.navigator?.userAgent?.startsWith("Deno/") ?? false;

/**
 * For Deno; other runtimes ignore the option. Deno drops a connection whose other side does not answer a
 * ping for that time, in seconds, and has no other way to drop one. If a connection breaks off, the timer of
 * this check keeps the process alive for up to half of that time.
 */
const UPGRADE_OPTIONS = { idleTimeout: 10 } as const;

/** A transport over WebSockets, whose `routes` are mounted in a server. */
export class WebSocketTransport implements Transport {
  /** Accepts the connections of other nodes; a Hono app that the user mounts in an app. */
  readonly routes: Hono;
  readonly #settings: WebSocketSettings;
  readonly #times: WebSocketTimes;
  readonly #peers: Peers<WebSocketPeer>;
  readonly #diallers: Dialler[] = [];
  readonly #incoming = new Set<IncomingConnection>();
  /** All sockets that are not gone, so that `close` can wait for them. */
  readonly #sockets = new Set<Socket>();
  #closing: Promise<void> | null = null;
  #onQuiet: () => void = () => {};
  #authenticator: Authenticator | null = null;
  /** Takes guests, and decides on them; `null`: there are none here. */
  #reception: GuestReception | null = null;
  #guestAuthenticator: GuestAuthenticator | null = null;
  readonly #guests = new Set<GuestUser>();
  /** The host name of this node, if it has an address of its own. */
  #ownHost: string | undefined;
  #timer: ReturnType<typeof setInterval> | undefined;
  #beats: ReturnType<typeof setInterval> | undefined;

  /** Opens nothing before `open`. */
  constructor(settings: WebSocketSettings, times: WebSocketTimes = TIMES) {
    this.#settings = settings;
    this.#times = times;
    this.#peers = new Peers({
      transport: "webSocket",
      make: (id) => new WebSocketPeer(id),
      hasAddress: (id) => settings.peers.has(id),
    });
    this.routes = this.#makeRoutes();
  }

  // deno-lint-ignore require-await -- misuse rejects
  async open(
    self: string,
    receive: (from: string, frame: Uint8Array) => void,
    report: (error: Error) => void = () => {},
    user?: TransportUser,
  ): Promise<void> {
    this.#peers.open(self, receive);
    const { cluster, credentials, peers } = this.#settings;
    const isServer = (id: string) => peers.has(id) || user?.members.includes(id) === true;
    this.#authenticator = new Authenticator(self, cluster, credentials, isServer);
    this.#reception = user?.guests ?? null;
    if (this.#reception !== null) {
      this.#guestAuthenticator = new GuestAuthenticator(cluster, credentials, isServer);
    }
    this.#ownHost = peers.get(self)?.hostname;
    prepare(credentials);
    this.#timer = setInterval(() => this.#tick(), this.#times.tick);
    this.#beats = setInterval(() => this.#beat(), this.#times.beat ?? beatOf(user));
    const reports = new ConnectionReports(report);
    for (const [id, url] of peers) {
      if (id !== self) this.#dial(self, id, url, reports, this.#times.backoff ?? backoffOf(user));
    }
    for (const dialler of this.#diallers) dialler.start();
  }

  send(to: string, frame: Uint8Array): void {
    this.#peers.send(to, frame);
  }

  reaches(to: string): boolean {
    return this.#peers.reaches(to);
  }

  close(): Promise<void> {
    return this.#closing ??= this.#close();
  }

  async #close(): Promise<void> {
    clearInterval(this.#timer);
    clearInterval(this.#beats);
    // The node sends the end of its session just before this call.
    for (const peer of this.#peers) peer.flush();
    this.#peers.close();
    const [code, reason] = [CLOSE.goingAway, "the node has closed"];
    for (const dialler of this.#diallers) dialler.stop();
    for (const peer of this.#peers) peer.close(code, reason);
    for (const guest of this.#guests) guest.close("closing", reason);
    for (const socket of this.#sockets) socket.close(code, reason);
    if (this.#sockets.size === 0) return;
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, this.#times.close);
      this.#onQuiet = () => {
        clearTimeout(timer);
        resolve();
      };
    });
    for (const socket of this.#sockets) socket.terminate();
  }

  #beat(): void {
    for (const peer of this.#peers) peer.beat();
    for (const guest of this.#guests) guest.beat();
  }

  #tick(): void {
    for (const incoming of this.#incoming) incoming.tick();
    for (const socket of this.#sockets) socket.tick();
  }

  #watch(socket: Socket): void {
    this.#sockets.add(socket);
    socket.onGone = () => {
      this.#sockets.delete(socket);
      if (this.#sockets.size === 0) this.#onQuiet();
    };
  }

  #dial(
    self: string,
    id: string,
    url: URL,
    reports: ConnectionReports,
    backoff: BackoffTimes,
  ): void {
    const { WebSocket, cluster, credentials } = this.#settings;
    if (WebSocket === null) return;
    const peer = this.#peers.obtain(id);
    const pieces = WebSocket === globalThis.WebSocket ? PIECES : "large";
    this.#diallers.push(
      new Dialler({
        url,
        WebSocket,
        backoff,
        timeout: this.#times.connect,
        introduce: () => new HandshakeClient(self, id, cluster, credentials),
        onAttempt: () => peer.isExpected = true,
        onFailed: () => {
          peer.isExpected = false;
          peer.schedule();
        },
        onRefused: (reason, cause) => reports.refused(id, url, reason, cause),
        onSocket: (socket) => this.#watch(socket),
        onConnected: (socket) => {
          reports.connected(id);
          const connection = this.#connect(socket, peer, pieces, Infinity);
          peer.isExpected = false;
          peer.dialled = connection;
          peer.schedule();
          return this.#user(peer, connection);
        },
      }),
    );
  }

  #connect(socket: Socket, peer: WebSocketPeer, pieces: PieceSize, until: number): Connection {
    const receive = (frame: Uint8Array) => this.#peers.deliver(peer.id, frame);
    return new Connection(socket, { pieces, until, receive });
  }

  #user(peer: WebSocketPeer, connection: Connection): SocketUser {
    return {
      take: (data) => {
        connection.take(data);
        peer.schedule();
      },
      lost: () => {
        peer.lose(connection);
        this.#peers.forget(peer);
      },
    };
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
      if (!this.#peers.isOpen) return context.text("This node is not open.", 503);
      const refused = refusePage(context, this.#settings.credentials, this.#ownHost);
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
      this.#meet(socket);
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
  #meet(socket: Socket): void {
    this.#watch(socket);
    if (!this.#peers.isOpen || this.#authenticator === null) {
      return socket.close(CLOSE.goingAway, "the node has closed");
    }
    let user: SocketUser | null = null;
    const [nodes, guests] = [this.#authenticator, this.#guestAuthenticator];
    const incoming = new IncomingConnection(socket, nodes, guests, (admission) => {
      this.#incoming.delete(incoming);
      user = "id" in admission
        ? this.#admit(socket, admission)
        : this.#admitGuest(socket, admission);
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

  #admitGuest(socket: Socket, admission: AdmittedGuest): SocketUser | null {
    if (this.#reception === null) return null;
    const guest = new GuestUser(
      socket,
      admission,
      this.#reception,
      (guest) => this.#guests.delete(guest),
    );
    if (socket.isOpen) this.#guests.add(guest);
    return guest;
  }

  /** Takes the connection of a peer that is authenticated as `id`, and ends an older one of that node. */
  #admit(socket: Socket, { id, until }: AdmittedPeer): SocketUser | null {
    const [code, reason] = [CLOSE.tryLater, "there are too many nodes"];
    if (!this.#peers.admits(id, (other) => other.close(code, reason))) {
      socket.close(code, reason);
      return null;
    }
    const peer = this.#peers.obtain(id);
    const connection = this.#connect(socket, peer, "large", until);
    const older = peer.accepted;
    peer.accepted = connection;
    older?.close(CLOSE.replaced, "the node has connected again");
    peer.schedule();
    return this.#user(peer, connection);
  }
}

/** Methods and properties that only the sockets of some runtimes have. */
interface NativeSocket {
  terminate?(): void;
  /** In runtimes that follow the standard. */
  readonly bufferedAmount?: number;
  /** In Bun. */
  getBufferedAmount?(): number;
}

function unsentOf(socket: NativeSocket | undefined): number {
  return socket?.bufferedAmount ?? socket?.getBufferedAmount?.() ?? 0;
}

/** The pieces that suit the global `WebSocket` of this runtime. */
const PIECES: PieceSize = IS_DENO ? "small" : "large";
