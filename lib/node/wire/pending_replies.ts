import type { Header, Reply } from "../../paxos/messages.ts";

/** Takes an answer. */
export type ReplyHandler = (from: string, header: Header, reply: Reply) => void;

/** The questions of this node that are still open, by their number. */
export class Calls {
  readonly #handlers = new Map<number, ReplyHandler>();
  /** Takes what nobody has opened a question for, or `null`. */
  #otherwise: ReplyHandler | null = null;
  #last = 0;

  /** A number that this life has never used. */
  next(): number {
    return ++this.#last;
  }

  /** Opens a question; `handler` takes its answers until it is closed. */
  open(handler: ReplyHandler): number {
    const id = this.next();
    this.#handlers.set(id, handler);
    return id;
  }

  /** From now on `handler` takes the answers to an open question. */
  handOver(id: number, handler: ReplyHandler): void {
    if (this.#handlers.has(id)) this.#handlers.set(id, handler);
  }

  /** Answers to this one are ignored from now on. */
  close(id: number): void {
    this.#handlers.delete(id);
  }

  /** `handler` takes the answers to questions that nobody has opened, but numbered with `next`. */
  otherwise(handler: ReplyHandler | null): void {
    this.#otherwise = handler;
  }

  /** Hands an answer to who asked. */
  receive(from: string, header: Header, reply: Reply): void {
    const handler = this.#handlers.get(reply.id) ?? this.#otherwise;
    handler?.(from, header, reply);
  }

  /** Forgets all. */
  clear(): void {
    this.#handlers.clear();
    this.#otherwise = null;
  }
}
