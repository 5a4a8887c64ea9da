import type { Ballot, Life } from "../../lib/paxos/ballot.ts";
import type {
  GenesisRecord,
  GenesisReply,
  GenesisRequest,
  Header,
  RegisterReply,
  RegisterRequest,
  Reply,
  Request,
} from "../../lib/paxos/messages.ts";
import type { Sender } from "../../lib/paxos/quorum.ts";
import { fingerprint } from "./fingerprint.ts";
import { Pool } from "./pool.ts";

/** A request from one process to another. */
export type QuestionRequest = Request & GenesisRequest;

/**
 * A sent message, which may still arrive any number of times. Processes and clients are identified by their
 * numbers. A question number in it is a *code*: it stands for the place where the sender of the question keeps
 * the number, see {@linkcode Codes}.
 */
export type Message =
  /** A client asks all members. */
  | {
    readonly kind: "ask";
    readonly client: number;
    readonly question: number;
    readonly request: RegisterRequest;
    readonly vector: readonly Life[];
  }
  /** A process answers a client. */
  | {
    readonly kind: "answer";
    readonly from: number;
    readonly client: number;
    readonly question: number;
    readonly sender: Sender;
    readonly reply: RegisterReply;
  }
  /** A process asks a member; any process of that member may receive it. */
  | {
    readonly kind: "question";
    readonly from: number;
    readonly member: number;
    readonly header: Header;
    readonly request: QuestionRequest;
  }
  /** A process answers another process in that life. */
  | {
    readonly kind: "reply";
    readonly from: number;
    readonly to: number;
    readonly life: Life;
    readonly header: Header;
    readonly reply: Reply & GenesisReply;
  }
  /** Not a message, but a mark for the checks: a process accepted the proposal at this ballot. */
  | {
    readonly kind: "vote";
    readonly from: number;
    readonly ballot: Ballot;
    readonly incarnation: Life;
    readonly vector: readonly Life[];
    /** What it filled in as the `over` of the state of a fast round. */
    readonly over?: number;
  };

const NO_CONSTANTS: ReadonlyMap<unknown, string> = new Map();

/** Plain data as text. */
export function textOfData(data: object): string {
  return fingerprint(data, NO_CONSTANTS).text;
}

/** All messages of a search. */
export function messagePool(): Pool<Message> {
  return new Pool<Message>(textOfData);
}

/** Stands for a question number that its process has forgotten. */
export const STALE = 1_000_000;

/** Codes replace question numbers in messages: the code of a place is the same in all states. */
export class Codes {
  readonly #places = new Pool<string>((place) => place);

  /** The code of a place; {@linkcode STALE} without one. */
  code(place: string | null | undefined): number {
    return place == null ? STALE : STALE + 1 + this.#places.number(place);
  }

  /** The place of a code; `undefined` for a stale one. */
  place(code: number): string | undefined {
    return code === STALE ? undefined : this.#places.value(code - STALE - 1);
  }
}

/** Replaces each question number in a request or reply. */
export function withNumbers<T extends { readonly id: number }>(
  message: T,
  replace: (number: number) => number,
): T {
  const replaced = { ...message, id: replace(message.id) };
  if ("announcement" in message) {
    return { ...replaced, announcement: replace(message.announcement as number) };
  }
  return replaced;
}

/** Renames the members: `to[i]` is the new index of member `i`. */
export class Renaming {
  readonly #to: readonly number[];
  readonly #members: readonly string[];
  readonly #lives: number;
  readonly #codes: Codes;

  /** `lives` is the number of processes of each member. */
  constructor(to: readonly number[], members: readonly string[], lives: number, codes: Codes) {
    this.#to = to;
    this.#members = members;
    this.#lives = lives;
    this.#codes = codes;
  }

  /** The new index of a member. */
  member(index: number): number {
    return this.#to[index];
  }

  /** The new name of a member. */
  name(member: string): string {
    return this.#members[this.#to[this.#members.indexOf(member)]];
  }

  /** The new number of a process. */
  process(process: number): number {
    const member = Math.floor(process / this.#lives);
    return this.#to[member] * this.#lives + process % this.#lives;
  }

  /** One entry for each member, in their new order. */
  perMember<T>(entries: readonly T[]): readonly T[] {
    if (entries.length === 0) return entries;
    const renamed = entries.slice();
    for (let i = 0; i < entries.length; i++) renamed[this.#to[i]] = entries[i];
    return renamed;
  }

  /** Renames the members of a record. */
  record(record: GenesisRecord): GenesisRecord {
    return { ...record, lives: this.perMember(record.lives) };
  }

  /** Renames the members in the header of a frame. */
  header(header: Header): Header {
    return { ...header, vector: this.perMember(header.vector) };
  }

  /** Renames the sender of an answer. */
  sender(sender: Sender): Sender {
    const { member, vector } = sender;
    return { ...sender, member: this.name(member), vector: this.perMember(vector) };
  }

  /** Renames the members in the place of a code. */
  code(code: number): number {
    const place = this.#codes.place(code);
    return this.#codes.code(place?.replace(/\[(\w+)\]/, (_, name) => `[${this.name(name)}]`));
  }

  /** Renames the members in a request of a process. */
  request<T extends Request>(request: T): T {
    return withNumbers(request, (code) => this.code(code));
  }

  /** Renames the members in a reply to a process. */
  reply<T extends Reply>(reply: T): T {
    const renamed = withNumbers(reply, (code) => this.code(code));
    if (renamed.type === "record") return { ...renamed, record: this.record(renamed.record) };
    if (renamed.type !== "piece" || renamed.last === null) return renamed;
    return {
      ...renamed,
      last: { ...renamed.last, vector: this.perMember(renamed.last.vector) },
    };
  }

  /** Renames the members in a message. */
  message(message: Message): Message {
    switch (message.kind) {
      case "ask":
        return { ...message, vector: this.perMember(message.vector) };
      case "answer": {
        const { from, sender } = message;
        return { ...message, from: this.process(from), sender: this.sender(sender) };
      }
      case "question":
        return {
          ...message,
          from: this.process(message.from),
          member: this.member(message.member),
          header: this.header(message.header),
          request: this.request(message.request),
        };
      case "reply":
        return {
          ...message,
          from: this.process(message.from),
          to: this.process(message.to),
          header: this.header(message.header),
          reply: this.reply(message.reply),
        };
      case "vote":
        return {
          ...message,
          from: this.process(message.from),
          vector: this.perMember(message.vector),
        };
    }
  }
}
