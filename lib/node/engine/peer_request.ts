import type { Life } from "../../paxos/ballot.ts";
import type { AskRequest, HandoverRequest, PersonalReply } from "../../paxos/messages.ts";
import type { Engine } from "./engine.ts";

/**
 * A request to one node, voting or not, by any route that reaches it. It may arrive more than once, so the
 * receiver has to identify it by more than its number.
 */
export class PeerRequest {
  readonly #engine: Engine;
  readonly #to: string;
  readonly #id: number;
  #last: AskRequest | HandoverRequest | undefined;
  /** How often it was sent since the last answer. */
  #unanswered = 0;
  /** Members that have answered since it was sent that they cannot pass it on. */
  #triedRelays = 0;

  /** `take` is called with each answer, and the life of the node that gives it, until `close`. */
  constructor(engine: Engine, to: string, take: (reply: PersonalReply, life: Life) => void) {
    this.#engine = engine;
    this.#to = to;
    this.#id = engine.pendingReplies.open((from, { life }, reply) => {
      if (reply.type === "unreachable") return this.#tryAnotherRelay(from, reply.to);
      if (from !== to || (reply.type !== "told" && reply.type !== "handed")) return;
      this.#unanswered = 0;
      take(reply, life);
    });
  }

  /** Sends it, for the first time or again. */
  send(request: AskRequest | HandoverRequest): void {
    this.#last = request;
    this.#triedRelays = 0;
    this.#engine.personal.askOne(this.#to, { id: this.#id, ...request }, this.#unanswered++);
  }

  /** Takes no more answers. */
  close(): void {
    this.#engine.pendingReplies.close(this.#id);
  }

  /** Tries another member, which may have the connection that `member` lacks. */
  #tryAnotherRelay(member: string, to: string): void {
    const { members, routes } = this.#engine;
    if (to !== this.#to || this.#last === undefined) return;
    // Each member once; after that the next resend tries again.
    if (++this.#triedRelays >= members.length) return;
    const via = routes.unreachable(to, member);
    if (via !== undefined) this.#engine.personal.relay(via, to, { id: this.#id, ...this.#last });
  }
}
