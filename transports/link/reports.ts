import { SynodError } from "../../lib/errors.ts";

/**
 * Reports each peer that refuses this node, that this node refuses, or whose address cannot be found, once until they
 * connect.
 */
export class ConnectionReports {
  readonly #report: (error: Error) => void;
  readonly #reported = new Set<string>();

  /** `report` is a function of the user or the node; its exceptions are ignored. */
  constructor(report: (error: Error) => void) {
    this.#report = report;
  }

  /** Reports a refusal with its `reason`; `cause` is the underlying error, if there is one. */
  refused(peer: string, url: URL, reason: string, cause?: unknown): void {
    const options = cause === undefined ? undefined : { cause };
    const where = `${url.origin}${url.pathname}`;
    const message = `Cannot connect to ${peer} at ${where}: ${reason}`;
    this.failed(peer, new SynodError("unauthorized", message, options));
  }

  /** Reports why this node does not connect to a peer. */
  failed(peer: string, error: Error): void {
    if (this.#reported.has(peer)) return;
    this.#reported.add(peer);
    try {
      this.#report(error);
    } catch {
      // An error of `report` is not an error of the transport.
    }
  }

  /** The two nodes are connected: the next refusal is reported again. */
  connected(peer: string): void {
    this.#reported.delete(peer);
  }
}
