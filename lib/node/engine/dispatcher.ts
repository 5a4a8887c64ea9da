import { isFitFor, requestHandler } from "../../codec.ts";
import type { Life } from "../../paxos/ballot.ts";
import type {
  Frame,
  GenesisRequest,
  HandoverReply,
  HandoverRequest,
  Header,
  PersonalReply,
  PersonalRequest,
  RelayedRequest,
  RelayRequest,
  Reply,
  Request,
} from "../../paxos/messages.ts";
import type { Voter, VoterRequest } from "../../paxos/voter.ts";
import type { Runtime } from "../runtime/runtime.ts";
import type { Calls } from "../wire/pending_replies.ts";
import type { Relay } from "../wire/relay.ts";
import type { Ways } from "../wire/routes.ts";
import { mayAnswer, mayAsk, type Standing } from "./admission.ts";
import { type ClusterView, FIRST_EPOCH, type ViewEvents } from "./cluster_view.ts";

/** What an engine hands to others, since it is not about registers and sessions. */
export interface EngineHandlers extends ViewEvents {
  /** A question of genesis or of coming back. */
  genesis(from: string, header: Header, request: Request & GenesisRequest): void;
  /** A put for one of this node's processes. */
  handover(from: string, request: HandoverRequest): Promise<HandoverReply>;
  /** Something about a singleton; answered with `told` as often as wanted. */
  asked(from: string, life: Life, body: Uint8Array, tell: (body: Uint8Array) => void): void;
  /** Somebody lives under another genesis. */
  otherGenesis(from: string, header: Header): void;
  /** A member says that this node is none. */
  notAMember(from: string): void;
  /** The handling of a frame, or of a timer, failed with `error`. */
  failed(error: unknown): void;
  /** A peer speaks another version of the format. */
  otherVersion(from: string, version: number): void;
}

/** Lists that one frame is answered with, at most: each is as long as hundreds of other answers. */
export const MAX_LISTS = 16;

/** What a dispatcher works with. */
export interface DispatcherParts {
  readonly runtime: Runtime;
  /** Values that clients write take at most this many bytes. */
  readonly maxValueBytes: number;
  readonly view: ClusterView;
  readonly calls: Calls;
  readonly ways: Ways;
  readonly relay: Relay;
  readonly handlers: EngineHandlers;
  /** Sends a request to one node. */
  readonly request: (to: string, request: Request) => void;
  /** Answers one life of a node. */
  readonly reply: (to: string, life: Life, reply: Reply) => void;
}

/** One frame in, its messages to those that they concern: the vote, a waiting caller, or a handler. */
export class Dispatcher {
  readonly #parts: DispatcherParts;

  /** Nothing has come in yet. */
  constructor(parts: DispatcherParts) {
    this.#parts = parts;
  }

  /** Takes a well-formed frame of another node, which may say only what its standing allows. */
  receive(from: string, frame: Frame): void {
    this.#handle(from, frame, this.#parts.view.standing(from, frame.header));
  }

  /** Takes a frame that this node has sent to itself. */
  loopback(frame: Frame): void {
    this.#handle(this.#parts.view.self, frame, "member");
  }

  #handle(from: string, frame: Frame, standing: Standing): void {
    const { header, requests, repliesTo, replies } = frame;
    const { view, calls, handlers } = this.#parts;
    if (view.record !== null && header.genesis === view.record.id) {
      if (standing !== "outsider") view.learn(from, header);
    } else if (header.genesis !== null && view.record !== null && standing === "member") {
      handlers.otherGenesis(from, header);
    }
    let lists = 0;
    for (const request of requests) {
      // As if it had been lost: those who ask for lists ask for few at a time, and again.
      if (request.type === "list" && ++lists > MAX_LISTS) continue;
      this.#answer(from, header, request, standing);
    }
    if (repliesTo !== view.life) return;
    for (const reply of replies) {
      if (!mayAnswer(standing, reply)) continue;
      if (reply.type === "notAMember") handlers.notAMember(from);
      calls.receive(from, header, reply);
    }
  }

  #answer(from: string, header: Header, request: Request, standing: Standing): void {
    const { view, handlers, reply } = this.#parts;
    const { id } = request;
    // A node that enquires may have another list of members, and is told that rather.
    if (request.type !== "enquire" && view.isStranger(from)) {
      reply(from, header.life, { id, type: "notAMember" });
      return;
    }
    if (!mayAsk(standing, request)) return;
    const sameGenesis = header.genesis === view.record?.id;
    switch (requestHandler(request.type)) {
      case "membership":
        return handlers.genesis(from, header, request as Request & GenesisRequest);
      case "node":
        if (!sameGenesis) return;
        return this.#serve(from, header.life, request as PersonalRequest, (answer) => {
          reply(from, header.life, answer);
        });
      case "relay":
        if (view.isMember && sameGenesis) {
          this.#relay(from, header.life, request as Request & RelayRequest);
        }
        return;
      case "relayed":
        if (!sameGenesis) return;
        return this.#takeRelayed(from, header, request as RelayedRequest);
      case "voter":
        if (view.voter === null || !sameGenesis) return;
        return this.#vote(view.voter, from, header, request as VoterRequest, standing);
    }
  }

  /** Has this member's vote answer, and tells those that watch. */
  #vote(
    voter: Voter,
    from: string,
    header: Header,
    request: VoterRequest,
    standing: Standing,
  ): void {
    const { runtime, reply, maxValueBytes } = this.#parts;
    if (header.epoch !== FIRST_EPOCH) return;
    if (standing === "client" && request.type === "accept") {
      if (!isFitFor(request.register, request.state, maxValueBytes)) return;
    }
    const asker = { node: from, life: header.life };
    const { reply: answer, pushes } = voter.handle(request, asker, runtime.now());
    if (answer !== undefined) reply(from, header.life, answer);
    for (const { watcher, reply: pushed } of pushes) reply(watcher.node, watcher.life, pushed);
  }

  /** Passes a message on, or says that there is no connection to where it should go. */
  #relay(from: string, life: Life, request: RelayRequest & { readonly id: number }): void {
    const { relay, reply } = this.#parts;
    if (relay.pass(from, life, request) || request.payload.repliesTo !== null) return;
    reply(from, life, { id: request.id, type: "unreachable", to: request.to });
  }

  /** Takes what the member `via` has passed on; an answer goes the same way back. */
  #takeRelayed(via: string, header: Header, { from, life, payload }: RelayedRequest): void {
    const { view, ways, calls, request } = this.#parts;
    if (!view.members.includes(from) && view.record?.clients !== true) return;
    ways.brought(from, via);
    if (payload.repliesTo === null) {
      this.#serve(from, life, payload.message, (message) => {
        const answer = { repliesTo: life, message };
        request(via, { id: calls.next(), type: "relay", to: from, payload: answer });
      });
    } else if (payload.repliesTo === view.life) {
      // The relay's own header fields must not be attributed to the original sender.
      calls.receive(from, { ...header, life, incarnation: null }, payload.message);
    }
  }

  /** Has a handler answer what that life of `from` asks this node alone. */
  #serve(
    from: string,
    life: Life,
    request: PersonalRequest,
    reply: (reply: PersonalReply) => void,
  ): void {
    const { handlers } = this.#parts;
    const { id } = request;
    if (request.type === "ask") {
      const tell = (body: Uint8Array) => reply({ id, type: "told", body });
      return handlers.asked(from, life, request.body, tell);
    }
    handlers.handover(from, request).then(
      (handed) => reply({ id, ...handed }),
      // Silence is the one answer that is always true.
      () => {},
    );
  }
}
