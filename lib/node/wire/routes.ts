import type { Runtime } from "../runtime/runtime.ts";

/** How a node is connected to another one: it is, it is not, or only a try can tell. */
export type Reachability = "direct" | "none" | "unknown";

/** What to do with a request to one node. */
export interface Route {
  /** Whether to send it to that node. */
  readonly direct: boolean;
  /** The member that is asked to pass it on, if any. */
  readonly via: string | undefined;
}

/** What the choice depends on. */
export interface RoutesOptions {
  readonly self: string;
  /** The ids of the members at present. */
  readonly members: () => readonly string[];
  readonly runtime: Runtime;
  /** How this node is connected to another one. */
  readonly reachability: (to: string) => Reachability;
}

/** Time after which a node that was reached through a member is tried directly again, in milliseconds. */
const DETOUR_KEPT = 5_000;

/** Requests without an answer after which an existing connection, which may only be slow, counts as broken. */
const MAX_UNANSWERED = 2;

/** Nodes whose detours are remembered, to bound memory. */
const MAX_DETOURS = 10_000;

const DIRECT: Route = { direct: true, via: undefined };

interface Detour {
  /** The member that is asked to pass on. */
  readonly via: string;
  /**
   * The time since which answers come this way, when the transports cannot tell whether there is a connection.
   */
  readonly since: number;
}

/**
 * Chooses the route of a message to one node: the connection to it, or, without one, a member that has one. A
 * receiver that gets the same message both ways handles it once.
 */
export class Routes {
  readonly #options: RoutesOptions;
  /** By node; the least recently set first. */
  readonly #detours = new Map<string, Detour>();

  /** Routes without detours. */
  constructor(options: RoutesOptions) {
    this.#options = options;
  }

  /** The route of a request that was sent `unanswered` times since `to` was last heard. */
  choose(to: string, unanswered: number): Route {
    if (to === this.#options.self) return DIRECT;
    const way = this.#options.reachability(to);
    const proven = way === "unknown" && this.#isProven(to);
    const relayed = way === "none" || unanswered >= MAX_UNANSWERED ||
      (way === "unknown" && (proven || unanswered > 0));
    const direct = way === "direct" || (way === "unknown" && (!proven || unanswered > 0));
    return this.#route(to, direct, relayed, unanswered > 0);
  }

  /** Whether there is, or may be, a connection to another node. */
  reaches(to: string): boolean {
    return to !== this.#options.self && this.#options.reachability(to) !== "none";
  }

  /** The route of a message that is sent once, and not again when it is lost. */
  once(to: string): Route {
    if (to === this.#options.self) return DIRECT;
    const way = this.#options.reachability(to);
    return this.#route(to, way !== "none", way !== "direct", false);
  }

  /** `via` has passed on a message of `from`, so `from` can be reached through it. */
  relayedBy(from: string, via: string): void {
    const detour = this.#detours.get(from);
    if (detour?.via === via && this.#isProven(from)) return;
    this.#set(from, { via, since: this.#options.runtime.now() });
  }

  /** `via` has no connection to `to`: returns the member to ask next, if there is another one. */
  unreachable(to: string, via: string): string | undefined {
    const detour = this.#detours.get(to);
    if (detour !== undefined && detour.via !== via) return detour.via;
    const next = this.#relay(to, true);
    return next === via ? undefined : next;
  }

  #route(to: string, direct: boolean, relayed: boolean, another: boolean): Route {
    const via = relayed ? this.#relay(to, another) : undefined;
    return { direct: direct || via === undefined, via };
  }

  /**
   * The member that passes messages on to `to`; with `another`, a different one from the last if there is one.
   */
  #relay(to: string, another: boolean): string | undefined {
    const { self, members, runtime, reachability } = this.#options;
    const others = members().filter((member) => member !== self && member !== to);
    const connected = others.filter((member) => reachability(member) === "direct");
    const relays = connected.length > 0
      ? connected
      : others.filter((member) => reachability(member) === "unknown");
    if (relays.length === 0) return undefined;
    const detour = this.#detours.get(to);
    const at = detour === undefined ? -1 : relays.indexOf(detour.via);
    if (at >= 0 && !another) return relays[at];
    // The first choice is random, so that the load is spread over the members.
    const next = at < 0 ? Math.floor(runtime.random() * relays.length) : (at + 1) % relays.length;
    this.#set(to, { via: relays[next], since: -Infinity });
    return relays[next];
  }

  #isProven(to: string): boolean {
    const since = this.#detours.get(to)?.since ?? -Infinity;
    return this.#options.runtime.now() - since < DETOUR_KEPT;
  }

  #set(to: string, detour: Detour): void {
    this.#detours.delete(to);
    this.#detours.set(to, detour);
    for (const oldest of this.#detours.keys()) {
      if (this.#detours.size <= MAX_DETOURS) break;
      this.#detours.delete(oldest);
    }
  }
}
