import type { Header, PersonalReply, PersonalRequest } from "../../paxos/messages.ts";
import { isGuest } from "../../paxos/sessions.ts";
import type { Outbox } from "../wire/outbox.ts";
import type { PendingReplies } from "../wire/pending_replies.ts";
import type { Route, Routes } from "../wire/routes.ts";
import type { EngineHandlers } from "./dispatcher.ts";

/** What personal requests work with. */
export interface PersonalRequestsParts {
  readonly routes: Routes;
  readonly outbox: Outbox;
  readonly pendingReplies: PendingReplies;
  /** The header of this node's frames. */
  readonly header: () => Header;
  readonly guest: EngineHandlers["guest"];
}

/** Sends requests to one node: directly, through a member, or to a guest of this node. */
export class PersonalRequests {
  readonly #parts: PersonalRequestsParts;

  /** Has sent nothing yet. */
  constructor(parts: PersonalRequestsParts) {
    this.#parts = parts;
  }

  /**
   * Sends a request to one node, directly or through a member. `unanswered` is the number of times that it was
   * sent since that node was last heard.
   */
  askOne(to: string, request: PersonalRequest, unanswered: number): void {
    this.#askBy(this.#parts.routes.choose(to, unanswered), to, request, unanswered > 0);
  }

  /** Sends a request to one node, once; it is not sent again if it is lost. */
  askOnce(to: string, request: PersonalRequest): void {
    this.#askBy(this.#parts.routes.once(to), to, request, false);
  }

  /** Has the member `via` pass on a request to one node. */
  relay(via: string, to: string, message: PersonalRequest): void {
    const load = { repliesTo: null, message };
    this.#parts.outbox.request(via, { id: message.id, type: "relay", to, payload: load });
  }

  #askBy({ direct, via }: Route, to: string, request: PersonalRequest, isAgain: boolean): void {
    const { outbox, pendingReplies, header, guest } = this.#parts;
    if (isGuest(to)) {
      const tell = (reply: PersonalReply) =>
        pendingReplies.receive(to, { ...header(), incarnation: null }, reply);
      const isServed = guest?.(to, request, tell) === true;
      // A guest that does not answer may have turned to another member, and this one cannot know it yet.
      if ((!isServed || isAgain) && via !== undefined) this.relay(via, to, request);
      return;
    }
    if (direct) outbox.request(to, request);
    if (via !== undefined) this.relay(via, to, request);
  }
}
