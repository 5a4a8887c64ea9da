import type { Runtime } from "../runtime/runtime.ts";

/** How a node is connected to another one: it is, it is not, or nobody can tell but by trying. */
export type Way = "direct" | "none" | "unknown";

/** What to do with a request to one node. */
export interface Choice {
  /** Whether to send it to that node. */
  readonly direct: boolean;
  /** The member that is to pass it on, if any. */
  readonly via: string | undefined;
}

/** What choosing depends on. */
export interface WaysOptions {
  readonly self: string;
  readonly members: readonly string[];
  readonly runtime: Runtime;
  /** How this node is connected to another one. */
  readonly way: (to: string) => Way;
}

/** A node that could only be reached by way of a member is tried directly again after so many milliseconds. */
const PROVEN = 5_000;

/** A connection that is there may be slow; after so many requests without an answer it may be broken. */
const PATIENCE = 2;

/** Ways to so many nodes are remembered. */
const MAX_DETOURS = 10_000;

const DIRECT: Choice = { direct: true, via: undefined };

interface Detour {
  /** The member that is asked to pass on. */
  readonly via: string;
  /** Since when answers come this way, where nobody can tell whether there is a connection. */
  readonly since: number;
}

/**
 * By which way to send what is for one node alone: over the connection to it, or, where there is none, by
 * one member that has one. Whoever gets the same message both ways takes it once.
 */
export class Ways {
  readonly #options: WaysOptions;
  /** By node; the one that was not needed for longest first. */
  readonly #detours = new Map<string, Detour>();

  /** Knows of no detours yet. */
  constructor(options: WaysOptions) {
    this.#options = options;
  }

  /** The way for a request that was sent `unanswered` times since anything was heard from `to`. */
  choose(to: string, unanswered: number): Choice {
    if (to === this.#options.self) return DIRECT;
    const way = this.#options.way(to);
    const proven = way === "unknown" && this.#isProven(to);
    const relayed = way === "none" || unanswered >= PATIENCE ||
      (way === "unknown" && (proven || unanswered > 0));
    const direct = way === "direct" || (way === "unknown" && (!proven || unanswered > 0));
    return this.#choice(to, direct, relayed, unanswered > 0);
  }

  /** The way for what is sent once, and not asked for again when it is lost. */
  once(to: string): Choice {
    if (to === this.#options.self) return DIRECT;
    const way = this.#options.way(to);
    return this.#choice(to, way !== "none", way !== "direct", false);
  }

  /** `via` has passed on something of `from`: so it can be reached that way. */
  brought(from: string, via: string): void {
    const detour = this.#detours.get(from);
    if (detour?.via === via && this.#isProven(from)) return;
    this.#set(from, { via, since: this.#options.runtime.now() });
  }

  /** `via` has no connection to `to`: the member to ask next, if there is another one. */
  unreachable(to: string, via: string): string | undefined {
    const detour = this.#detours.get(to);
    if (detour !== undefined && detour.via !== via) return detour.via;
    const next = this.#relay(to, true);
    return next === via ? undefined : next;
  }

  #choice(to: string, direct: boolean, relayed: boolean, another: boolean): Choice {
    const via = relayed ? this.#relay(to, another) : undefined;
    return { direct: direct || via === undefined, via };
  }

  /** The member that passes on to `to`; `another` one than so far if there is one. */
  #relay(to: string, another: boolean): string | undefined {
    const { self, members, runtime, way } = this.#options;
    const others = members.filter((member) => member !== self && member !== to);
    const connected = others.filter((member) => way(member) === "direct");
    const relays = connected.length > 0
      ? connected
      : others.filter((member) => way(member) === "unknown");
    if (relays.length === 0) return undefined;
    const detour = this.#detours.get(to);
    const at = detour === undefined ? -1 : relays.indexOf(detour.via);
    if (at >= 0 && !another) return relays[at];
    // The first one by chance: not all have to pass by the same member.
    const next = at < 0 ? Math.floor(runtime.random() * relays.length) : (at + 1) % relays.length;
    this.#set(to, { via: relays[next], since: -Infinity });
    return relays[next];
  }

  #isProven(to: string): boolean {
    const since = this.#detours.get(to)?.since ?? -Infinity;
    return this.#options.runtime.now() - since < PROVEN;
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
