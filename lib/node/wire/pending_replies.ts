import type { Header, Reply } from "../../paxos/messages.ts";

/** Takes a reply. */
export type ReplyHandler = (from: string, header: Header, reply: Reply) => void;

/** The open questions of this node, by their numbers. */
export class PendingReplies {
  readonly #handlers = new Map<number, ReplyHandler>();
  /** Takes replies that belong to no open question, or `null`. */
  #otherwise: ReplyHandler | null = null;
  #last = 0;

  /** A number that this life has never used. */
  next(): number {
    return ++this.#last;
  }

  /** Opens a question; `handler` takes its replies until it is closed. */
  open(handler: ReplyHandler): number {
    const id = this.next();
    this.#handlers.set(id, handler);
    return id;
  }

  /** Replaces the handler of an open question. */
  handOver(id: number, handler: ReplyHandler): void {
    if (this.#handlers.has(id)) this.#handlers.set(id, handler);
  }

  /** Closes a question; its later replies go to the handler of `otherwise`. */
  close(id: number): void {
    this.#handlers.delete(id);
  }

  /** `handler` takes the replies to requests that were numbered with `next` and not opened. */
  otherwise(handler: ReplyHandler | null): void {
    this.#otherwise = handler;
  }

  /** Hands a reply to the handler of its question. */
  receive(from: string, header: Header, reply: Reply): void {
    const handler = this.#handlers.get(reply.id) ?? this.#otherwise;
    handler?.(from, header, reply);
  }

  /** Forgets all questions. */
  clear(): void {
    this.#handlers.clear();
    this.#otherwise = null;
  }
}
