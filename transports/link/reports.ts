import { SynodError } from "../../lib/errors.ts";

/** Reports each peer that refuses this node, or that this node refuses, once until they connect. */
export class ConnectionReports {
  readonly #report: (error: Error) => void;
  readonly #reported = new Set<string>();

  /** `report` is a function of the user or the node; its exceptions are ignored. */
  constructor(report: (error: Error) => void) {
    this.#report = report;
  }

  /** Reports a refusal with its `reason`; `cause` is the underlying error, if there is one. */
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
      // An error of `report` is not an error of the transport.
    }
  }

  /** The two nodes are connected: the next refusal is reported again. */
  connected(peer: string): void {
    this.#reported.delete(peer);
  }
}
