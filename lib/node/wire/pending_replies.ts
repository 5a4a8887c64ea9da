import type { Header, Reply } from "../../paxos/messages.ts";

/** Takes a reply. */
export type ReplyHandler = (from: string, header: Header, reply: Reply) => void;

/** Places for open questions, a power of two; with more of them, or older ones in their places, a map is used. */
const PLACES = 1_024;

/** An open question. */
interface Question {
  readonly id: number;
  handler: ReplyHandler;
}

/**
 * The open questions of this node, by their numbers. Most are closed soon, and their numbers follow each other. So each
 * has a place in an array by its number, which is quicker than a map and, unlike the tables that a map leaves behind,
 * keeps nothing alive that is closed.
 */
export class PendingReplies {
  readonly #places: (Question | undefined)[] = new Array(PLACES).fill(undefined);
  /** Those whose place is taken by another one. */
  readonly #others = new Map<number, Question>();
  /** Takes replies that belong to no open question, or `null`. */
  #otherwise: ReplyHandler | null = null;
  #last = 0;

  /** A number that this life has never used. */
  next(): number {
    return ++this.#last;
  }

  /** Goes on above `number`: this life may have asked before, in a process that has ended. */
  skip(number: number): void {
    this.#last = Math.max(this.#last, number);
  }

  /** Opens a question; `handler` takes its replies until it is closed. */
  open(handler: ReplyHandler): number {
    const id = this.next();
    const place = id % PLACES;
    if (this.#places[place] === undefined) this.#places[place] = { id, handler };
    else this.#others.set(id, { id, handler });
    return id;
  }

  /** Replaces the handler of an open question. */
  handOver(id: number, handler: ReplyHandler): void {
    const question = this.#find(id);
    if (question !== undefined) question.handler = handler;
  }

  /** Closes a question; its later replies go to the handler of `otherwise`. */
  close(id: number): void {
    const place = id % PLACES;
    if (this.#places[place]?.id === id) this.#places[place] = undefined;
    else this.#others.delete(id);
  }

  /** `handler` takes the replies to requests that were numbered with `next` and not opened. */
  otherwise(handler: ReplyHandler | null): void {
    this.#otherwise = handler;
  }

  /** Hands a reply to the handler of its question. */
  receive(from: string, header: Header, reply: Reply): void {
    const handler = this.#find(reply.id)?.handler ?? this.#otherwise;
    handler?.(from, header, reply);
  }

  /** Forgets all questions. */
  clear(): void {
    this.#places.fill(undefined);
    this.#others.clear();
    this.#otherwise = null;
  }

  #find(id: number): Question | undefined {
    const question = this.#places[id % PLACES];
    return question?.id === id ? question : this.#others.get(id);
  }
}
