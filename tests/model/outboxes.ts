import { type Codes, type Message, type QuestionRequest, STALE, withNumbers } from "./messages.ts";
import { Pool } from "./pool.ts";

/** An outbox after a change of a process. */
export interface Moved {
  readonly outbox: number;
  /** Replies that were dropped, because they can no longer have an effect. */
  readonly dropped: readonly number[];
}

/** An outbox, sorted by receivers. */
export interface Outbox {
  /** The numbers of all messages, in order. */
  readonly messages: readonly number[];
  readonly asks: readonly number[];
  /** By client. */
  readonly answers: readonly (readonly number[])[];
  /** By client: two outboxes with the same answers for it have the same number here. */
  readonly answersId: readonly number[];
  /** By member. */
  readonly questions: readonly (readonly number[])[];
  /** By process. */
  readonly replies: readonly (readonly number[])[];
  /** By process: two outboxes with the same replies to it have the same number here. */
  readonly repliesId: readonly number[];
  readonly votes: readonly number[];
  /** Two outboxes with the same votes have the same number here. */
  readonly votesId: number;
}

// The changes of an outbox as numbers: n itself drops the answers to client n.
const READS = 1_000;
const REPLIES = 2_000;
const MOVED = 3_000;

interface Entry extends Outbox {
  readonly added: Map<number, number>;
  readonly changed: Map<number, Moved>;
}

/** The numbers of possible receivers. */
export interface Sizes {
  readonly members: number;
  readonly processes: number;
  readonly clients: number;
}

/**
 * The messages of one sender that may still have an effect. The network may lose, duplicate, delay and reorder
 * messages: so a sent message stays, and may arrive at any time, any number of times, or never. Only messages
 * that can no longer have an effect are dropped.
 */
export class Outboxes {
  readonly #messages: Pool<Message>;
  readonly #codes: Codes;
  readonly #sizes: Sizes;
  readonly #outboxes = new Pool<readonly number[]>((messages) => messages.join());
  readonly #lists = new Pool<readonly number[]>((messages) => messages.join());
  readonly #entries: Entry[] = [];
  readonly #moves = new Map<ReadonlyMap<string, string | null>, number>();

  /** Starts with the empty outbox, which has number 0. */
  constructor(messages: Pool<Message>, codes: Codes, sizes: Sizes) {
    this.#messages = messages;
    this.#codes = codes;
    this.#sizes = sizes;
    this.of([]);
  }

  /** The number of different outboxes. */
  get size(): number {
    return this.#outboxes.size;
  }

  /** The outbox with this number. */
  get(outbox: number): Outbox {
    return this.#entries[outbox];
  }

  /** The outbox with these messages. */
  of(messages: readonly number[]): number {
    const sorted = [...new Set(messages)].sort((a, b) => a - b);
    const outbox = this.#outboxes.number(sorted);
    if (outbox === this.#entries.length) this.#entries.push(this.#sort(sorted));
    return outbox;
  }

  /** The outbox after one more message. */
  add(outbox: number, message: number): number {
    const { messages, added } = this.#entries[outbox];
    let after = added.get(message);
    if (after === undefined) {
      after = messages.includes(message) ? outbox : this.of([...messages, message]);
      added.set(message, after);
    }
    return after;
  }

  /** Drops the answers to a client that has closed its question: they have no effect. */
  withoutAnswers(outbox: number, client: number): number {
    if (this.#entries[outbox].answers[client].length === 0) return outbox;
    return this.#change(outbox, client, (message) => {
      return message.kind === "answer" && message.client === client ? null : message;
    }).outbox;
  }

  /** Drops the reads of a client that has closed its question: they have no effect on members. */
  withoutReads(outbox: number): number {
    return this.#change(outbox, READS, (message) => {
      return message.kind === "ask" && message.request.type === "read" ? null : message;
    }).outbox;
  }

  /** Drops the replies to a process that has taken another life: they are for the previous life. */
  withoutReplies(outbox: number, process: number): number {
    if (this.#entries[outbox].replies[process].length === 0) return outbox;
    return this.#change(outbox, REPLIES + process, (message) => {
      return message.kind === "reply" && message.to === process ? null : message;
    }).outbox;
  }

  /** Adapts an outbox to a process that has moved or forgotten some of its question numbers. */
  moved(outbox: number, process: number, moved: ReadonlyMap<string, string | null>): Moved {
    const code = (code: number) => {
      const place = this.#codes.place(code);
      const now = place === undefined ? undefined : moved.get(place);
      return now === undefined ? code : this.#codes.code(now);
    };
    // Each transition has its own map: there are more maps than different moves, but the lookup is fast.
    let move = this.#moves.get(moved);
    if (move === undefined) this.#moves.set(moved, move = this.#moves.size);
    return this.#change(outbox, MOVED + move * this.#sizes.processes + process, (message) => {
      if (message.kind === "question" && message.from === process) {
        const request = withNumbers(message.request, code);
        return request.id === STALE && !tellsSomething(request) ? null : { ...message, request };
      }
      if (message.kind !== "reply" || message.to !== process) return message;
      const reply = withNumbers(message.reply, code);
      return { ...message, reply };
    });
  }

  #change(
    outbox: number,
    how: number,
    change: (message: Message) => Message | null,
  ): Moved {
    const { messages, changed } = this.#entries[outbox];
    let result = changed.get(how);
    if (result === undefined) {
      const after: number[] = [];
      const dropped: number[] = [];
      for (const number of messages) {
        const message = change(this.#messages.value(number));
        if (message === null) continue;
        const number2 = this.#messages.number(message);
        if (message.kind === "reply" && isFutile(message.reply, this.#codes)) dropped.push(number2);
        else after.push(number2);
      }
      result = { outbox: this.of(after), dropped };
      changed.set(how, result);
    }
    return result;
  }

  #sort(messages: readonly number[]): Entry {
    const { members, processes, clients } = this.#sizes;
    const lists = (count: number) => Array.from({ length: count }, (): number[] => []);
    const asks: number[] = [];
    const answers = lists(clients);
    const questions = lists(members);
    const replies = lists(processes);
    const votes: number[] = [];
    for (const number of messages) {
      const message = this.#messages.value(number);
      switch (message.kind) {
        case "ask":
          asks.push(number);
          break;
        case "answer":
          answers[message.client].push(number);
          break;
        case "question":
          questions[message.member].push(number);
          break;
        case "reply":
          replies[message.to].push(number);
          break;
        case "vote":
          votes.push(number);
      }
    }
    return {
      messages,
      asks,
      answers,
      answersId: answers.map((list) => this.#lists.number(list)),
      questions,
      replies,
      repliesId: replies.map((list) => this.#lists.number(list)),
      votes,
      votesId: this.#lists.number(votes),
      added: new Map(),
      changed: new Map(),
    };
  }
}

/**
 * Whether a question has an effect on the process that answers it even if its answer is no longer awaited: a
 * second round voids other answers. (An announcement tells of a crash, but such knowledge never makes a process
 * count more answers, so the message may as well be lost.)
 */
export function tellsSomething(request: QuestionRequest): boolean {
  return request.type === "enquire" && request.purpose !== "record" && request.round === 2;
}

/** The places where a question must be kept for a reply of each kind to have an effect. */
const AWAITED_AT: Record<string, RegExp> = {
  record: /^genesis\._pull$/,
  blank: /^(genesis\._round\.number|givingUp\._number)$/,
  known: /^recovery\._question$/,
  piece: /^recovery\._transfers/,
};

/**
 * Whether a reply can never have an effect, because the question that it answers is not kept. The search
 * checks for each reply that it drops for this reason that it has no effect.
 */
export function isFutile(
  reply: (Message & { kind: "reply" })["reply"],
  codes: Codes,
): boolean {
  const awaited = AWAITED_AT[reply.type];
  if (awaited === undefined) return false;
  return !awaited.test(codes.place(reply.id) ?? "");
}
