import { type Context, Hono } from "hono";
import { prepare } from "../auth/credentials.ts";
import { type AdmittedPeer, Authenticator } from "../auth/authenticator.ts";
import { makeNonce, MAX_HANDSHAKE_BYTES, parseHandshake } from "../auth/handshake.ts";
import { GuestAuthenticator } from "../auth/guest_authenticator.ts";
import { HandshakeClient } from "../auth/handshake_client.ts";
import { refusePage } from "../auth/origin.ts";
import { HandshakeError } from "../auth/handshake_error.ts";
import { backoffOf } from "../link/backoff.ts";
import { beatOf, LONGEST_HOLD, requestTimesOf } from "../link/beat.ts";
import type { Drainable } from "../link/drainable.ts";
import { Directory, type PeerAddress } from "../link/directory.ts";
import { onNetworkChange } from "../link/network_change.ts";
import { Peers } from "../link/peers.ts";
import { ConnectionReports } from "../link/reports.ts";
import type { Transport, TransportUser } from "../transport.ts";
import { HOLD_HEADER, LAST_RESPONSE, readFrames } from "./batch.ts";
import { readBody } from "./body.ts";
import { HttpGuests } from "./guests.ts";
import { HttpLink, type LinkTimes } from "./link.ts";
import type { HttpSettings } from "./options.ts";
import { HttpPeer } from "./peer.ts";
import { HandshakeServer } from "./handshake_server.ts";
import { HttpSession } from "./session.ts";

/** Times, in milliseconds. The optional ones default to values that depend on the node's session TTL. */
export interface HttpTimes extends Partial<LinkTimes> {
  readonly close: number;
  /** The interval of the check for silent peers; a session ends after three intervals without a request. */
  readonly tick?: number;
}

/** The times used outside of tests. */
export const TIMES: HttpTimes = { close: 1_000 };

/** A transport over HTTP requests, whose `routes` are mounted in a server. */
export class HttpTransport implements Transport, Drainable {
  /** Accepts the requests of other nodes; a Hono app that the user mounts in an app. */
  readonly routes: Hono;
  readonly #settings: HttpSettings;
  readonly #times: HttpTimes;
  readonly #peers: Peers<HttpPeer>;
  /** `null` before it is open. */
  #links: Directory<HttpLink> | null = null;
  /** Sessions by key. */
  readonly #sessions = new Map<string, HttpSession>();
  #closing: Promise<void> | null = null;
  #isDraining = false;
  #handshakes: HandshakeServer | null = null;
  /** `null`: this node takes no guests. */
  #guests: HttpGuests | null = null;
  /** The host name of this node, if it has an address of its own. */
  #ownHost: string | undefined;
  #timer: ReturnType<typeof setInterval> | undefined;
  #reached: (peer: string) => void = () => {};
  #forgetNetwork: () => void = () => {};

  /** Opens nothing before `open`. */
  constructor(settings: HttpSettings, times: HttpTimes = TIMES) {
    this.#settings = settings;
    this.#times = times;
    this.#peers = new Peers({
      transport: "http",
      make: (id) => new HttpPeer(id),
      hasAddress: (id) => settings.peers.has(id) || this.#links?.get(id) !== undefined,
    });
    this.routes = new Hono();
    this.routes.post("/session", (context) => this.#introduced(context));
    this.routes.post("/frames", (context) => this.#said(context));
    this.routes.post("/farewell", (context) => this.#left(context));
    this.routes.post("/guest", (context) => this.#saidByGuest(context));
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
    this.#handshakes = new HandshakeServer(new Authenticator(self, cluster, credentials));
    if (user?.guests !== undefined) {
      const authenticator = new GuestAuthenticator(cluster, credentials, isServer);
      this.#guests = new HttpGuests(authenticator, user.guests);
    }
    prepare(credentials);
    this.#timer = setInterval(() => this.#tick(), this.#times.tick ?? beatOf(user));
    this.#reached = (peer) => user?.reached?.(peer);
    this.#forgetNetwork = onNetworkChange(() => this.#networkChanged());
    const reports = new ConnectionReports(report);
    const times = { ...requestTimesOf(user), backoff: backoffOf(user, self), ...this.#times };
    const links: Directory<HttpLink> = new Directory({
      ...{ transport: "http", peers, peerRule, self, user, reports },
      isConnected: (id) => this.#peers.reaches(id),
      connect: (id, address) => this.#connect(self, id, address, links, reports, times),
    });
    this.#links = links;
    this.#ownHost = links.ownHost;
    links.follow();
  }

  membersChanged(): void {
    if (this.#peers.isOpen) this.#links?.follow();
  }

  send(to: string, frame: Uint8Array): void {
    this.#peers.send(to, frame);
  }

  reaches(to: string): boolean {
    return this.#peers.reaches(to);
  }

  hint(peer: string): void {
    this.#peers.get(peer)?.link?.hint();
  }

  close(): Promise<void> {
    return this.#closing ??= this.#close();
  }

  // deno-lint-ignore require-await -- as other transports, which wait for connections
  async drain(): Promise<void> {
    this.#isDraining = true;
    for (const session of [...this.#sessions.values()]) this.#end(session, 503);
    this.#guests?.close();
  }

  /** Whether the server takes requests of nodes and guests. */
  get #isServing(): boolean {
    return this.#peers.isOpen && !this.#isDraining;
  }

  #refuse(context: Context): Response {
    const why = this.#isDraining ? "This server stops." : "This node is not open.";
    return context.text(why, 503, LAST_RESPONSE);
  }

  async #close(): Promise<void> {
    this.#peers.close();
    clearInterval(this.#timer);
    this.#forgetNetwork();
    this.#sessions.clear();
    this.#guests?.close();
    await Promise.all([...this.#peers].map((peer) => peer.close()));
  }

  #connect(
    self: string,
    id: string,
    address: PeerAddress,
    links: Directory<HttpLink>,
    reports: ConnectionReports,
    times: LinkTimes,
  ): HttpLink {
    const { fetch, cluster, credentials } = this.#settings;
    const peer = this.#peers.obtain(id);
    return peer.link = new HttpLink({
      address: () => address.ask(),
      fetch,
      times,
      introduce: () => new HandshakeClient(self, id, cluster, credentials),
      receive: (frames) => this.#deliver(id, frames),
      isAlone: () => this.#peers.areLost,
      onChange: () => peer.schedule(),
      onFailed: (why) => links.failed(id, why, address.latest),
      onHopeless: () => peer.flush(),
      onConnected: () => {
        reports.connected(id);
        this.#reached(id);
      },
      onRefused: (reason, cause) => {
        if (address.latest !== null) reports.refused(id, address.latest, reason, cause);
      },
    });
  }

  /** Connections may be dead, and ways may be open. */
  #networkChanged(): void {
    for (const { link } of this.#peers) {
      link?.suspect();
      link?.hint();
    }
  }

  #deliver(from: string, frames: readonly Uint8Array[]): void {
    for (const frame of frames) this.#peers.deliver(from, frame);
  }

  #tick(): void {
    this.#guests?.tick();
    for (const session of this.#sessions.values()) {
      if (!session.tick()) this.#end(session, 401);
    }
  }

  /** A request with a hello or a proof. */
  async #introduced(context: Context): Promise<Response> {
    if (this.#handshakes === null || !this.#isServing) return this.#refuse(context);
    const refused = refusePage(context, this.#settings.credentials, this.#ownHost);
    if (refused !== null) return refused;
    try {
      const body = await readBody(context.req.raw, MAX_HANDSHAKE_BYTES);
      const text = new TextDecoder().decode(body ?? undefined);
      const answer = await this.#handshakes.handle(parseHandshake(text));
      if (!this.#isServing) return this.#refuse(context);
      if ("challenge" in answer) return context.json(answer.challenge);
      const session = this.#admit(answer);
      if (session === null) return context.text("There are too many nodes.", 503);
      return context.json({ session: session.key, proof: answer.proof });
    } catch (error) {
      return unauthorized(
        context,
        error instanceof HandshakeError ? error.message : "the request broke off",
      );
    }
  }

  /** A request with frames from a peer; the response carries frames for it. */
  async #said(context: Context): Promise<Response> {
    const session = this.#sessionOf(context);
    if (session instanceof Response) return session;
    const frames = await readFrames(context.req.raw).catch(() => null);
    if (frames === null) return context.text("This is no batch of frames.", 400);
    // The session may have been replaced meanwhile, or the node closed.
    if (this.#sessions.get(session.key) !== session) return unauthorized(context, "it has ended");
    const response = session.hold(holdOf(context));
    this.#deliver(session.id, frames);
    this.#peers.get(session.id)?.schedule();
    session.releaseSoon();
    return await response;
  }

  /** A request with the last frames of a peer that closes. */
  async #left(context: Context): Promise<Response> {
    const session = this.#sessionOf(context);
    if (session instanceof Response) return session;
    const frames = await readFrames(context.req.raw).catch(() => null);
    if (this.#sessions.get(session.key) === session) {
      if (frames !== null) this.#deliver(session.id, frames);
      this.#end(session, 401);
    }
    return context.body(null, 204);
  }

  /** A request of a guest. */
  async #saidByGuest(context: Context): Promise<Response> {
    if (!this.#isServing) return this.#refuse(context);
    const refused = refusePage(context, this.#settings.credentials, this.#ownHost);
    if (refused !== null) return refused;
    if (this.#guests === null) return unauthorized(context, "this node takes no guests");
    return await this.#guests.answer(context.req.raw);
  }

  #sessionOf(context: Context): HttpSession | Response {
    if (!this.#isServing) return this.#refuse(context);
    const [scheme, key = ""] = (context.req.header("authorization") ?? "").split(" ");
    const session = this.#sessions.get(key);
    if (scheme.toLowerCase() !== "bearer" || session === undefined) {
      return unauthorized(context, "there is no such session");
    }
    return session;
  }

  /** Opens the session of a peer that is authenticated as `id`, and ends an older one of that node. */
  #admit({ id }: AdmittedPeer): HttpSession | null {
    const evict = (other: HttpPeer) => {
      if (other.session !== null) this.#end(other.session, 503);
    };
    if (!this.#peers.admits(id, evict)) return null;
    const peer = this.#peers.obtain(id);
    const older = peer.session;
    const session = new HttpSession(
      id,
      makeNonce() + makeNonce(),
      this.#times.hold ?? LONGEST_HOLD,
    );
    peer.session = session;
    this.#sessions.set(session.key, session);
    if (older !== null) this.#end(older, 409);
    // The way from the peer is open, so the way to it may be.
    peer.link?.hint(true);
    this.#reached(id);
    return session;
  }

  #end(session: HttpSession, status: number): void {
    this.#sessions.delete(session.key);
    session.end(status);
    const peer = this.#peers.get(session.id);
    if (peer?.session !== session) return;
    peer.session = null;
    peer.schedule();
    this.#peers.forget(peer);
  }
}

/** The longest time to hold the request, in milliseconds; `undefined` without a valid header. */
function holdOf(context: Context): number | undefined {
  const wish = context.req.header(HOLD_HEADER);
  return wish !== undefined && /^\d{1,6}$/.test(wish) ? Number(wish) : undefined;
}

function unauthorized(context: Context, reason: string): Response {
  return context.text(reason, 401, { "www-authenticate": "Bearer" });
}
