import type { AskRequest, HandoverRequest, PersonalReply } from "../../paxos/messages.ts";
import type { Engine } from "./engine.ts";

/**
 * A question to one node, whether it votes or not, by whatever way it can be reached. It may arrive more than
 * once, so the other side has to know it by more than its number.
 */
export class Asking {
  readonly #engine: Engine;
  readonly #to: string;
  readonly #id: number;
  #last: AskRequest | HandoverRequest | undefined;
  /** How often it was sent since anything was heard. */
  #unanswered = 0;
  /** How many members have said since it was sent that they cannot pass it on. */
  #refused = 0;

  /** `take` is called with each answer, until `close`. */
  constructor(engine: Engine, to: string, take: (reply: PersonalReply) => void) {
    this.#engine = engine;
    this.#to = to;
    this.#id = engine.calls.open((from, _header, reply) => {
      if (reply.type === "unreachable") return this.#elsewhere(from, reply.to);
      if (from !== to || (reply.type !== "told" && reply.type !== "handed")) return;
      this.#unanswered = 0;
      take(reply);
    });
  }

  /** Sends it, for the first time or again. */
  ask(request: AskRequest | HandoverRequest): void {
    this.#last = request;
    this.#refused = 0;
    this.#engine.askOne(this.#to, { id: this.#id, ...request }, this.#unanswered++);
  }

  /** Takes no more answers. */
  close(): void {
    this.#engine.calls.close(this.#id);
  }

  /** Another member may have the connection that this one has not. */
  #elsewhere(member: string, to: string): void {
    const { members, ways } = this.#engine;
    if (to !== this.#to || !members.includes(member) || this.#last === undefined) return;
    // Once round; after that it is sent again when it is time to.
    if (++this.#refused >= members.length) return;
    const via = ways.unreachable(to, member);
    if (via !== undefined) this.#engine.relay(via, to, { id: this.#id, ...this.#last });
  }
}
