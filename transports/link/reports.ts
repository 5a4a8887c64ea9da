import { SynodError } from "../../lib/errors.ts";

/** Tells the node once about each peer that refuses it, or that it refuses, until they connect. */
export class Reports {
  readonly #report: (error: Error) => void;
  readonly #reported = new Set<string>();

  /** `report` is the user's or the node's; what it throws is nobody's business. */
  constructor(report: (error: Error) => void) {
    this.#report = report;
  }

  /** The two do not talk; `reason` says why, and `cause` is the error behind it, if there is one. */
  refused(peer: string, url: URL, reason: string, cause?: unknown): void {
    if (this.#reported.has(peer)) return;
    this.#reported.add(peer);
    try {
      this.#report(
        new SynodError(
          "unauthorized",
          `Cannot connect to ${peer} at ${url.origin}${url.pathname}: ${reason}`,
          cause === undefined ? undefined : { cause },
        ),
      );
    } catch {
      // Not ours to handle.
    }
  }

  /** The two talk: what goes wrong from now on is news. */
  connected(peer: string): void {
    this.#reported.delete(peer);
  }
}
