import { SynodError } from "../lib/errors.ts";
import { FeaturedNode } from "../lib/cluster/featured_node.ts";
import type { ClusterStatus, MemberStatus } from "../lib/cluster/status.ts";
import { showAs } from "../lib/node/runtime/inspect.ts";
import { onAbort } from "../lib/node/runtime/on_abort.ts";
import type { Runtime } from "../lib/node/runtime/runtime.ts";
import type { ConnectSettings } from "./connect_options.ts";
import type { GuestEvents } from "./events.ts";
import { type GuestParts, wireGuest } from "./wiring.ts";

/** The time that a gateway has to answer a request for the status, in milliseconds. */
const STATUS_TIME = 500;

/** The time that the last releases have after the end of the session, in milliseconds. */
const LAST_RELEASES = 100;

/**
 * A guest of a cluster: a browser or an edge function that takes no part in its protocol. One of the cluster's
 * servers, its gateway, does for it what a `ClusterNode` does itself. When the gateway is lost, the guest goes on
 * with another one, in the same session. Made by `connect`.
 */
export class GuestNode extends FeaturedNode<GuestEvents> {
  /** The unique id of this start of the guest. */
  readonly life: string;
  /**
   * Resolves when the guest first has a session. Rejects with the error that makes this impossible, or if the
   * guest closes before. Ignoring it causes no unhandled rejection.
   */
  readonly ready: Promise<void>;
  /** Resolves when the guest has closed; `reason` is `null` after `close()`, and else why it has closed. */
  readonly closed: Promise<{ reason: SynodError | null }>;
  readonly #parts: GuestParts;
  readonly #settings: ConnectSettings;
  #members: readonly string[] = [];
  #settleReady!: { resolve(): void; reject(error: SynodError): void };
  #settleClosed!: (closed: { reason: SynodError | null }) => void;
  #closing: Promise<void> | undefined;
  /** The servers whose refusal was reported. */
  readonly #reported = new Set<string>();
  #stopListening: () => void = () => {};

  static {
    showAs(this.prototype, "GuestNode", (node) => ({
      id: node.id,
      life: node.life,
      state: node.#parts.shell.closed !== undefined ? "closed" : "guest",
      hasQuorum: node.hasQuorum,
      session: node.hasQuorum ? node.#parts.session.current : null,
      owned: node.#owned(),
    }));
  }

  /** Made by `connect`. */
  constructor(settings: ConnectSettings, runtime: Runtime) {
    const parts = wireGuest(settings, runtime, {
      granted: () => this.#granted(),
      lost: (number, session, wasGranted) => this.#sessionLost(number, session, wasGranted),
      welcomed: (members) => {
        this.#members = members;
        this.#reported.clear();
      },
      restarted: (genesis) => this.emit("restart", { genesis }),
      replaced: () => this.#replaced(),
      unreachable: (why) => this.emit("error", { error: this.#unreachable(why) }),
      refused: (server, end) => this.#refused(server, end.reason, end.cause),
    });
    const { shell, store, cells, owners, locks, lockRequests, calls, processes, closing } = parts;
    super(settings.id, {
      ...{ shell, store, cells, owners, locks, calls, processes, closing: closing.signal },
      readAll: (isWanted, limits) => lockRequests.readAll(isWanted, limits),
      within: (promise) => shell.within(promise),
    });
    this.life = settings.life;
    this.#settings = settings;
    this.#parts = parts;
    this.ready = new Promise((resolve, reject) => this.#settleReady = { resolve, reject });
    this.ready.catch(() => {});
    this.closed = new Promise((resolve) => this.#settleClosed = resolve);
  }

  /** Whether the guest's session is valid at this instant. */
  get hasQuorum(): boolean {
    return this.#parts.session.isValid();
  }

  /** The state of the guest and its cluster; also works without a quorum. Takes at most half a second. */
  async status(): Promise<ClusterStatus> {
    const { shell, session, operations, link } = this.#parts;
    let members: readonly MemberStatus[] = this.#members.map((id) => unknown(id));
    if (shell.closed === undefined) {
      try {
        const run = operations.begin({ type: "status" }, shell.limits(STATUS_TIME));
        const outcome = await run.operation.promise;
        if (outcome.type === "members") members = outcome.members as readonly MemberStatus[];
      } catch {
        // Without a gateway the state of the members is unknown.
      }
    }
    const hasQuorum = this.hasQuorum;
    const missing = members.filter(({ state }) => state !== "operational");
    return {
      id: this.id,
      life: this.life,
      hasQuorum,
      members: members.map((member) => ({ ...member, lastError: null, storage: null })),
      waitingFor: hasQuorum ? [] : [
        ...(shell.silence === "" ? [] : [shell.silence]),
        ...missing.map(({ id }) => id),
      ],
      genesis: link.genesis,
      session: hasQuorum ? { id: session.current, remaining: session.remaining } : null,
      entries: 0,
      bytes: 0,
      owned: this.#owned(),
      frames: { ...link.frames },
    };
  }

  /**
   * Leaves: ends every process, releases all that the guest owns (for at most its `timeout`), ends its session
   * and the connection. Never rejects; may be called again. Does not wait for users' functions.
   */
  close(): Promise<void> {
    return this.#close(null);
  }

  /** As {@linkcode close}, for `await using`. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  /** Begins to connect; called by `connect`. */
  open(): void {
    const { link, session, operations } = this.#parts;
    const { signal } = this.#settings;
    if (signal !== undefined) this.#stopListening = onAbort(signal, () => void this.close());
    if (this.#closing === undefined) link.start(session, operations);
  }

  #granted(): void {
    this.#settleReady.resolve();
    this.emit("quorum", undefined);
  }

  #sessionLost(number: number, session: string, wasGranted: boolean): void {
    const { shell, operations, processes, lockRequests } = this.#parts;
    const error = new SynodError("session_lost", `Guest ${this.id} lost its session ${session}`);
    for (const process of [...processes]) {
      if (process.pid.session === session) void process.exit(error);
    }
    lockRequests.sessionLost(session, error);
    if (!wasGranted || shell.closed !== undefined) return;
    // Other nodes need not wait for its deadline then.
    const end = operations.begin({ type: "end", session: number }, shell.limits());
    end.operation.promise.catch(() => {});
    this.#tellLost(session);
  }

  #tellLost(session: string): void {
    this.emit("sessionlost", { session });
    this.emit("noquorum", undefined);
  }

  #unreachable(why: string): SynodError {
    return new SynodError("unreachable", `Guest ${this.id} reaches no server: ${why}`);
  }

  #replaced(): void {
    const message = `A later start of guest ${this.id} has taken its place`;
    void this.#close(new SynodError("replaced", message));
  }

  #refused(server: string, reason: string, cause: unknown): void {
    if (this.#reported.has(server)) return;
    this.#reported.add(server);
    const message = `${server} does not accept guest ${this.id}: ${reason}`;
    this.emit("error", { error: new SynodError("unauthorized", message, { cause }) });
  }

  #close(reason: SynodError | null): Promise<void> {
    return this.#closing ??= this.#shutDown(reason);
  }

  async #shutDown(reason: SynodError | null): Promise<void> {
    const { shell, session, operations, link, processes, lockRequests, closing } = this.#parts;
    const error = reason ?? new SynodError("closed", `Guest ${this.id} is closed`);
    this.#stopListening();
    shell.close(error);
    const why = shell.silence === "" ? "" : ` before it was ready: ${shell.silence}`;
    this.#settleReady.reject(new SynodError(error.code, error.message + why, { cause: error }));
    const granted = session.isValid() ? session.number : undefined;
    const lost = session.current;
    shell.operations.end(error);
    closing.abort(error);
    const released = [...processes].map((process) => process.exit(error));
    released.push(lockRequests.close(error));
    // From here on nothing counts as owned, before other nodes learn of it.
    session.stop();
    // After `close()` the program knows it.
    if (reason !== null && granted !== undefined) this.#tellLost(lost);
    if (granted !== undefined && reason === null) {
      const end = operations.begin({ type: "end", session: granted }, shell.limits());
      await end.operation.promise.catch(() => {});
      // Once the session has ended, what it owned is free.
      await shell.within(Promise.all(released), LAST_RELEASES);
    }
    shell.operations.close();
    shell.operations.end(error);
    link.stop();
    this.#settleClosed({ reason });
  }

  #owned(): ClusterStatus["owned"] {
    const { processes, lockRequests } = this.#parts;
    return { processes: processes.size, locks: lockRequests.held, singletons: 0 };
  }
}

function unknown(id: string): MemberStatus {
  const nothing = { incarnation: null, lastError: null, storage: null };
  return { id, reachable: false, state: "unknown", ...nothing };
}
