import { Hono, type MiddlewareHandler } from "hono";
import { prepare } from "../auth/credentials.ts";
import { type AdmittedPeer, Authenticator } from "../auth/authenticator.ts";
import { type AdmittedGuest, GuestAuthenticator } from "../auth/guest_authenticator.ts";
import { HandshakeClient } from "../auth/handshake_client.ts";
import { refusePage } from "../auth/origin.ts";
import type { GuestReception } from "../guests.ts";
import { backoffOf, type BackoffTimes } from "../link/backoff.ts";
import { beatOf, lookOf } from "../link/beat.ts";
import { byChance } from "../link/by_chance.ts";
import type { Drainable } from "../link/drainable.ts";
import { Directory, type PeerAddress } from "../link/directory.ts";
import { onNetworkChange } from "../link/network_change.ts";
import { Peers } from "../link/peers.ts";
import { ConnectionReports } from "../link/reports.ts";
import type { Transport, TransportUser } from "../transport.ts";
import { CLOSE } from "./close_codes.ts";
import { Connection, type PieceSize } from "./connection.ts";
import { Dialler, type SocketUser } from "./dialler.ts";
import { piecesOf } from "./frame_channel.ts";
import { GuestUser } from "./guest_user.ts";
import { type NativeSocket, unsentOf } from "./native_socket.ts";
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
  /** The interval of looks for what is not answered. Default: derived from the node's session TTL. */
  readonly look?: number;
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
export class WebSocketTransport implements Transport, Drainable {
  /** Accepts the connections of other nodes; a Hono app that the user mounts in an app. */
  readonly routes: Hono;
  readonly #settings: WebSocketSettings;
  readonly #times: WebSocketTimes;
  readonly #peers: Peers<WebSocketPeer>;
  /** `null` before it is open. */
  #diallers: Directory<Dialler> | null = null;
  readonly #incoming = new Set<IncomingConnection>();
  /** All sockets that are not gone, so that `close` can wait for them. */
  readonly #sockets = new Set<Socket>();
  /** Those of them that the server has taken. */
  readonly #taken = new Set<Socket>();
  #closing: Promise<void> | null = null;
  #draining: Promise<void> | null = null;
  /** Called whenever a socket is gone. */
  readonly #onGone = new Set<() => void>();
  #authenticator: Authenticator | null = null;
  /** Takes guests, and decides on them; `null`: there are none here. */
  #reception: GuestReception | null = null;
  #guestAuthenticator: GuestAuthenticator | null = null;
  readonly #guests = new Set<GuestUser>();
  /** The host name of this node, if it has an address of its own. */
  #ownHost: string | undefined;
  #timer: ReturnType<typeof setInterval> | undefined;
  #beats: ReturnType<typeof setInterval> | undefined;
  #looks: ReturnType<typeof setInterval> | undefined;
  /** What the node wants to be told. */
  #node: Partial<TransportUser> = {};
  #forgetNetwork: () => void = () => {};

  /** Opens nothing before `open`. */
  constructor(settings: WebSocketSettings, times: WebSocketTimes = TIMES) {
    this.#settings = settings;
    this.#times = times;
    this.#peers = new Peers({
      transport: "webSocket",
      make: (id) => new WebSocketPeer(id),
      hasAddress: (id) => settings.peers.has(id) || this.#diallers?.get(id) !== undefined,
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
    const { cluster, credentials, peers, peerRule } = this.#settings;
    const isServer = (id: string) => peers.has(id) || user?.members.includes(id) === true;
    this.#authenticator = new Authenticator(self, cluster, credentials);
    this.#reception = user?.guests ?? null;
    if (this.#reception !== null) {
      this.#guestAuthenticator = new GuestAuthenticator(cluster, credentials, isServer);
    }
    prepare(credentials);
    this.#timer = setInterval(() => this.#tick(), this.#times.tick);
    this.#beats = setInterval(() => this.#beat(), this.#times.beat ?? beatOf(user));
    const look = () => {
      for (const peer of this.#peers) peer.look();
    };
    this.#looks = setInterval(look, this.#times.look ?? lookOf(user));
    this.#node = user ?? {};
    this.#forgetNetwork = onNetworkChange(() => this.#networkChanged());
    const reports = new ConnectionReports(report);
    const backoff = this.#times.backoff ?? backoffOf(user, self);
    const diallers: Directory<Dialler> = new Directory({
      ...{ transport: "webSocket", peers, peerRule, self, user, reports },
      isConnected: (id) => this.#peers.reaches(id),
      connect: (id, address) => this.#dial(self, id, address, diallers, reports, backoff),
    });
    this.#diallers = diallers;
    this.#ownHost = diallers.ownHost;
    diallers.follow();
  }

  membersChanged(): void {
    if (this.#peers.isOpen) this.#diallers?.follow();
  }

  send(to: string, frame: Uint8Array): void {
    this.#peers.send(to, frame);
  }

  reaches(to: string): boolean {
    return this.#peers.reaches(to);
  }

  hint(peer: string): void {
    this.#diallers?.get(peer)?.hint();
  }

  close(): Promise<void> {
    return this.#closing ??= this.#close();
  }

  drain(): Promise<void> {
    return this.#draining ??= this.#drain();
  }

  async #drain(): Promise<void> {
    const [code, reason] = [CLOSE.goingAway, "the server stops"];
    for (const peer of this.#peers) peer.flush();
    for (const guest of this.#guests) guest.close("closing", reason);
    await this.#end(this.#taken, code, reason);
  }

  async #close(): Promise<void> {
    clearInterval(this.#timer);
    clearInterval(this.#beats);
    clearInterval(this.#looks);
    this.#forgetNetwork();
    // The node sends the end of its session just before this call.
    for (const peer of this.#peers) peer.flush();
    this.#peers.close();
    const [code, reason] = [CLOSE.goingAway, "the node has closed"];
    for (const [, dialler] of this.#diallers ?? []) dialler.stop();
    for (const peer of this.#peers) peer.close(code, reason);
    for (const guest of this.#guests) guest.close("closing", reason);
    await this.#end(this.#sockets, code, reason);
  }

  /** Closes these sockets, and waits until all of them are gone, or drops those that take too long. */
  async #end(sockets: ReadonlySet<Socket>, code: number, reason: string): Promise<void> {
    for (const socket of sockets) socket.close(code, reason);
    if (sockets.size === 0) return;
    await new Promise<void>((resolve) => {
      const look = () => {
        if (sockets.size > 0) return;
        clearTimeout(timer);
        end();
      };
      const end = () => {
        this.#onGone.delete(look);
        resolve();
      };
      const timer = setTimeout(end, this.#times.close);
      this.#onGone.add(look);
    });
    for (const socket of sockets) socket.terminate();
  }

  #beat(): void {
    for (const peer of this.#peers) peer.beat();
    for (const guest of this.#guests) guest.beat();
  }

  /** Connections may be dead, and ways may be open. */
  #networkChanged(): void {
    for (const peer of this.#peers) peer.ask();
    for (const [, dialler] of this.#diallers ?? []) dialler.hint();
  }

  #tick(): void {
    for (const incoming of this.#incoming) incoming.tick();
    for (const socket of this.#sockets) socket.tick();
  }

  #watch(socket: Socket): void {
    this.#sockets.add(socket);
    socket.onGone = () => {
      this.#sockets.delete(socket);
      this.#taken.delete(socket);
      for (const look of [...this.#onGone]) look();
    };
  }

  #dial(
    self: string,
    id: string,
    address: PeerAddress,
    diallers: Directory<Dialler>,
    reports: ConnectionReports,
    backoff: BackoffTimes,
  ): Dialler | null {
    const { WebSocket, cluster, credentials } = this.#settings;
    if (WebSocket === null) return null;
    const peer = this.#peers.obtain(id);
    const pieces = piecesOf(WebSocket);
    return new Dialler({
      address: () => address.ask(),
      WebSocket,
      backoff,
      timeout: this.#times.connect,
      introduce: () => new HandshakeClient(self, id, cluster, credentials),
      isAlone: () => this.#peers.areLost,
      onAttempt: () => peer.isExpected = true,
      onFailed: (why) => diallers.failed(id, why, address.latest),
      onHopeless: () => {
        peer.isExpected = false;
        peer.flush();
      },
      onRefused: (reason, cause) => {
        if (address.latest !== null) reports.refused(id, address.latest, reason, cause);
      },
      onSocket: (socket) => this.#watch(socket),
      onConnected: (socket) => {
        reports.connected(id);
        const onSilence = (isSilent: boolean) => {
          if (peer.dialled !== connection) return;
          if (isSilent) diallers.get(id)?.suspect();
          else diallers.get(id)?.trust();
        };
        const connection = this.#connect(socket, peer, pieces, onSilence);
        peer.isExpected = false;
        peer.dialled = connection;
        peer.schedule();
        this.#node.reached?.(id);
        return this.#user(peer, connection);
      },
    });
  }

  #connect(
    socket: Socket,
    peer: WebSocketPeer,
    pieces: PieceSize,
    onSilence?: (isSilent: boolean) => void,
  ): Connection {
    const receive = (frame: Uint8Array) => this.#peers.deliver(peer.id, frame);
    return new Connection(socket, { pieces, until: Infinity, receive, onSilence });
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
      if (this.#draining !== null) return context.text("This server stops.", 503);
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
    this.#taken.add(socket);
    const isStopping = !this.#peers.isOpen || this.#draining !== null;
    if (isStopping || this.#authenticator === null) {
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
  #admit(socket: Socket, { id }: AdmittedPeer): SocketUser | null {
    const [code, reason] = [CLOSE.tryLater, "there are too many nodes"];
    if (!this.#peers.admits(id, (other) => other.close(code, reason))) {
      socket.close(code, reason);
      return null;
    }
    const peer = this.#peers.obtain(id);
    const connection = this.#connect(socket, peer, "large");
    const older = peer.accepted;
    peer.accepted = connection;
    older?.close(CLOSE.replaced, "the node has connected again");
    peer.schedule();
    // The way from the peer is open, so the way to it may be.
    this.#diallers?.get(id)?.hint(true);
    peer.dialled?.ask();
    this.#node.reached?.(id);
    return this.#user(peer, connection);
  }
}
