import type { NodeParts } from "./wiring.ts";

/**
 * Shortest time between two times at which all waiting requests are sent again, in milliseconds, since connections may
 * come and go; the first resend is due after about that time anyway.
 */
const REACHED_INTERVAL = 50;

/** Silence of a member whose way may have been cut, in milliseconds; a connection that was only replaced has less. */
const SILENCE = 1_000;

/** Sends what waits for members again when a way to one of them has opened. */
export class Reached {
  readonly #parts: NodeParts;
  /** When waiting requests were sent again last. */
  #reachedAt = -Infinity;

  /** No way was open before. */
  constructor(parts: NodeParts) {
    this.#parts = parts;
  }

  /** What was asked before may not have been heard by any member. */
  all(): void {
    const { engine, core } = this.#parts;
    this.#reachedAt = engine.runtime.now();
    core.pacing.reached();
  }

  /** A transport has made a connection to `peer`. */
  connected(peer: string): void {
    const { engine, core } = this.#parts;
    if (engine.members.includes(peer) && this.#wasSilent(peer)) core.pacing.connected();
    this.peer(peer);
  }

  /** A way to `peer` has opened, or opened again; `mayHaveBeenOpen`: or the peer was quiet. */
  peer(peer: string, mayHaveBeenOpen = false): void {
    const { engine, core, membership, recordQueries, contacts, settings } = this.#parts;
    const now = engine.runtime.now();
    const isMember = engine.members.includes(peer) || settings.members.includes(peer);
    if (engine.isClosed || !isMember) return;
    contacts.reached(peer);
    if (now - this.#reachedAt < REACHED_INTERVAL) return;
    this.#reachedAt = now;
    core.session.reached(mayHaveBeenOpen);
    core.pacing.reached(mayHaveBeenOpen);
    membership.reached();
    recordQueries.reached();
  }

  /** Whether the way to `peer` may have been cut before it has opened now. */
  #wasSilent(peer: string): boolean {
    const { engine, links } = this.#parts;
    const heard = links.lastHeard(peer);
    return heard === undefined || engine.runtime.now() - heard >= SILENCE;
  }
}
