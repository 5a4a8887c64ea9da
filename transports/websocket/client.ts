import { prepare } from "../auth/credentials.ts";
import { HandshakeClient } from "../auth/handshake_client.ts";
import { backoffOf, type BackoffTimes } from "../link/backoff.ts";
import { beatOf, lookOf } from "../link/beat.ts";
import { Directory, type PeerAddress } from "../link/directory.ts";
import { onNetworkChange } from "../link/network_change.ts";
import { Peers } from "../link/peers.ts";
import { ConnectionReports } from "../link/reports.ts";
import type { Transport, TransportUser } from "../transport.ts";
import { CLOSE } from "./close_codes.ts";
import { Connection, type PieceSize } from "./connection.ts";
import { Dialler, type SocketUser } from "./dialler.ts";
import { piecesOf } from "./frame_channel.ts";
import type { ClientSettings } from "./options.ts";
import { WebSocketPeer } from "./peer.ts";
import type { Socket } from "./socket.ts";
import { Sockets } from "./sockets.ts";
import { TIMES, type WebSocketTimes } from "./times.ts";

/** A transport over the WebSockets that this node makes. */
export class WebSocketClient implements Transport {
  /** The other nodes. */
  readonly peers: Peers<WebSocketPeer>;
  readonly #settings: ClientSettings;
  readonly #times: WebSocketTimes;
  /** `null` before it is open. */
  #diallers: Directory<Dialler> | null = null;
  readonly #sockets = new Sockets();
  #closing: Promise<void> | null = null;
  #timer: ReturnType<typeof setInterval> | undefined;
  #beats: ReturnType<typeof setInterval> | undefined;
  #looks: ReturnType<typeof setInterval> | undefined;
  /** What the node wants to be told. */
  #node: Partial<TransportUser> = {};
  #forgetNetwork: () => void = () => {};

  /** Opens nothing before `open`. */
  constructor(settings: ClientSettings, times: WebSocketTimes = TIMES) {
    this.#settings = settings;
    this.#times = times;
    this.peers = new Peers({
      transport: "webSocket",
      make: (id) => new WebSocketPeer(id),
      hasAddress: (id) => settings.peers.has(id) || this.#diallers?.get(id) !== undefined,
    });
  }

  // deno-lint-ignore require-await -- misuse rejects
  async open(
    self: string,
    receive: (from: string, frame: Uint8Array) => void,
    report?: (error: Error) => void,
    user?: TransportUser,
  ): Promise<void> {
    this.begin(self, receive, report, user);
  }

  /** As `open`, but misuse throws. */
  begin(
    self: string,
    receive: (from: string, frame: Uint8Array) => void,
    report: (error: Error) => void = () => {},
    user?: TransportUser,
  ): void {
    this.peers.open(self, receive);
    const { credentials, peers, peerRule } = this.#settings;
    prepare(credentials);
    this.#timer = setInterval(() => this.#sockets.tick(), this.#times.tick);
    this.#beats = setInterval(() => {
      for (const peer of this.peers) peer.beat();
    }, this.#times.beat ?? beatOf(user));
    this.#looks = setInterval(() => {
      for (const peer of this.peers) peer.look();
    }, this.#times.look ?? lookOf(user));
    this.#node = user ?? {};
    this.#forgetNetwork = onNetworkChange(() => this.#networkChanged());
    const reports = new ConnectionReports(report);
    const backoff = this.#times.backoff ?? backoffOf(user, self);
    const diallers: Directory<Dialler> = new Directory({
      ...{ transport: "webSocket", peers, peerRule, self, user, reports },
      isConnected: (id) => this.peers.reaches(id),
      connect: (id, address) => this.#dial(self, id, address, diallers, reports, backoff),
    });
    this.#diallers = diallers;
    diallers.follow();
  }

  /** The host name of this node, if it has an address of its own. */
  get ownHost(): string | undefined {
    return this.#diallers?.ownHost;
  }

  membersChanged(): void {
    if (this.peers.isOpen) this.#diallers?.follow();
  }

  send(to: string, frame: Uint8Array): void {
    this.peers.send(to, frame);
  }

  reaches(to: string): boolean {
    return this.peers.reaches(to);
  }

  hint(peer: string): void {
    this.#diallers?.get(peer)?.hint();
  }

  close(): Promise<void> {
    return this.#closing ??= this.#close();
  }

  async #close(): Promise<void> {
    clearInterval(this.#timer);
    clearInterval(this.#beats);
    clearInterval(this.#looks);
    this.#forgetNetwork();
    // The node sends the end of its session just before this call.
    for (const peer of this.peers) peer.flush();
    this.peers.close();
    const [code, reason] = [CLOSE.goingAway, "the node has closed"];
    for (const [, dialler] of this.#diallers ?? []) dialler.stop();
    for (const peer of this.peers) peer.close(code, reason);
    await this.#sockets.end(code, reason, this.#times.close);
  }

  /** The peer `id` has connected to this node by `socket`, which is its only connection of that kind from now on. */
  accept(id: string, socket: Socket): SocketUser {
    const peer = this.peers.obtain(id);
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

  /** Connections may be dead, and ways may be open. */
  #networkChanged(): void {
    for (const peer of this.peers) peer.ask();
    for (const [, dialler] of this.#diallers ?? []) dialler.hint();
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
    const peer = this.peers.obtain(id);
    const pieces = piecesOf(WebSocket);
    return new Dialler({
      address: () => address.ask(),
      WebSocket,
      backoff,
      timeout: this.#times.connect,
      introduce: () => new HandshakeClient(self, id, cluster, credentials),
      isAlone: () => this.peers.areLost,
      onAttempt: () => peer.isExpected = true,
      onFailed: (why) => diallers.failed(id, why, address.latest),
      onHopeless: () => {
        peer.isExpected = false;
        peer.flush();
      },
      onRefused: (reason, cause) => {
        if (address.latest !== null) reports.refused(id, address.latest, reason, cause);
      },
      onSocket: (socket) => this.#sockets.add(socket),
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
    const receive = (frame: Uint8Array) => this.peers.deliver(peer.id, frame);
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
        this.peers.forget(peer);
      },
    };
  }
}
