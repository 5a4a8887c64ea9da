import type { ClusterNode } from "../cluster/cluster_node.ts";
import type { NodeParts } from "../cluster/wiring.ts";
import type { TraceEvent } from "../trace.ts";
import { preview } from "./preview.ts";

/** Events that a page is sent at first. */
const KEPT = 500;

/** Events that wait for one page; older ones are left out, and counted. */
const MOST_WAITING = 1_000;

/** Time between two messages to a page, in milliseconds. */
const INTERVAL = 500;

/** Messages that say nothing new, after which one is sent all the same: proxies close quiet connections. */
const QUIET = 20;

/** Time for which the node's decisions are noted after the last page has left, in milliseconds. */
const LINGER = 10_000;

/** An event as the timeline shows it. */
export interface InspectedEvent {
  /** Its number in this inspector. */
  number: number;
  /** When, in milliseconds since 1970. */
  at: number;
  /** Its type. */
  type: string;
  /** Its other fields as a text. */
  text: string;
}

/** The timeline of a node: pages follow it by server-sent events. The node's decisions are noted while a page does. */
export class Feed {
  readonly #node: ClusterNode;
  readonly #parts: NodeParts;
  readonly #events: InspectedEvent[] = [];
  #last = 0;
  #pages = 0;
  #unlisten: (() => void) | undefined;
  #cancelLinger: () => void = () => {};

  /** Notes from now on what the node tells in its events. */
  constructor(node: ClusterNode, parts: NodeParts) {
    this.#node = node;
    this.#parts = parts;
    void node.closed.then(() => this.#cancelLinger());
    for (const type of ["quorum", "noquorum", "sessionlost", "restart"] as const) {
      node.addEventListener(type, () => this.#note(Date.now(), type, ""));
    }
    node.addEventListener("error", ({ detail: { error } }) => {
      if (this.#unlisten === undefined) this.#note(Date.now(), "error", error.message);
    });
  }

  /** A page follows the timeline, until it cancels the stream or the node closes. */
  follow(): ReadableStream<Uint8Array> {
    const { engine: { runtime } } = this.#parts;
    const encoder = new TextEncoder();
    let cancel = () => {};
    let leave = () => {};
    this.#enter();
    return new ReadableStream<Uint8Array>({
      start: (controller) => {
        let sent = Math.max(0, this.#last - KEPT);
        let quiet = QUIET;
        leave = () => {
          cancel();
          leave = () => {};
          this.#leave();
        };
        const end = () => {
          leave();
          try {
            controller.close();
          } catch {
            // The reader has cancelled it.
          }
        };
        const send = () => {
          const events = this.#events.filter(({ number }) => number > sent).slice(-MOST_WAITING);
          const skipped = this.#last - sent - events.length;
          sent = this.#last;
          quiet++;
          if (events.length > 0 || quiet >= QUIET) {
            const data = JSON.stringify({ events, skipped });
            controller.enqueue(encoder.encode(`event: events\ndata: ${data}\n\n`));
            quiet = 0;
          }
          if (engineIsClosed(this.#parts)) return end();
          cancel = runtime.setTimer(send, INTERVAL);
        };
        void this.#node.closed.then(end);
        send();
      },
      cancel: () => leave(),
    });
  }

  #enter(): void {
    this.#cancelLinger();
    this.#pages++;
    this.#unlisten ??= this.#parts.engine.tracing.listen((event) => this.#traced(event));
  }

  #leave(): void {
    this.#pages--;
    if (this.#pages > 0) return;
    const { engine: { runtime } } = this.#parts;
    const stop = () => {
      this.#unlisten?.();
      this.#unlisten = undefined;
    };
    if (engineIsClosed(this.#parts)) stop();
    else this.#cancelLinger = runtime.setTimer(stop, LINGER);
  }

  #traced({ at, type, ...fields }: TraceEvent): void {
    const text = Object.entries(fields).map(([name, value]) => {
      // Durations have fractions that tell nothing.
      const shown = typeof value === "number" ? Math.round(value * 100) / 100 : value;
      return `${name} ${preview(shown, 80)}`;
    });
    this.#note(at, type, text.join(", "));
  }

  #note(at: number, type: string, text: string): void {
    this.#events.push({ number: ++this.#last, at, type, text });
    if (this.#events.length > 2 * MOST_WAITING) this.#events.splice(0, MOST_WAITING);
  }
}

function engineIsClosed({ core }: NodeParts): boolean {
  return core.closed !== undefined;
}
