import { isFitFor, requestHandler } from "../../codec.ts";
import type { SynodError } from "../../errors.ts";
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
import { isGuest } from "../../paxos/sessions.ts";
import type { Voter, VoterRequest } from "../../paxos/voter.ts";
import type { Runtime } from "../runtime/runtime.ts";
import type { PendingReplies } from "../wire/pending_replies.ts";
import type { Relay } from "../wire/relay.ts";
import type { Routes } from "../wire/routes.ts";
import { mayAnswer, mayAsk, type Role } from "./admission.ts";
import { type ClusterView, FIRST_EPOCH, type ViewEvents } from "./cluster_view.ts";

/** Handlers for everything that is not about registers and sessions. */
export interface EngineHandlers extends ViewEvents {
  /** A request of genesis or of recovery. */
  readonly genesis: (from: string, header: Header, request: Request & GenesisRequest) => void;
  /** A put for one of this node's processes. */
  readonly handover: (from: string, request: HandoverRequest) => Promise<HandoverReply>;
  /** A request about a singleton; `tell` answers it, any number of times. */
  readonly asked: (
    from: string,
    life: Life,
    body: Uint8Array,
    tell: (body: Uint8Array) => void,
  ) => void;
  /** A member lives under another genesis. */
  readonly otherGenesis: (from: string, header: Header) => void;
  /** A member says that this node is not a member. */
  readonly notAMember: (from: string) => void;
  /**
   * A request to the guest `to`, named `~id`; `tell` answers it. Returns whether that guest is served here. Absent: this
   * node serves no guests.
   */
  readonly guest?: (
    to: string,
    request: PersonalRequest,
    tell: (reply: PersonalReply) => void,
  ) => boolean;
  /** The handling of a frame, or of a timer, failed with `error`. */
  readonly failed: (error: unknown) => void;
  /** An invariant of the protocol failed: this node votes no more, and the engine is silent from now on. */
  readonly broken: (error: SynodError) => void;
  /** A frame has arrived that this life of a node sent. */
  readonly heard: (life: Life) => void;
  /** This node has taken a new life. */
  readonly tookLife: (life: Life) => void;
  /** A peer speaks another version of the format. */
  readonly otherVersion: (from: string, version: number) => void;
}

/** `list` requests answered per frame: each answer is as long as hundreds of others. */
export const MAX_LISTS = 16;

/** What a dispatcher works with. */
export interface DispatcherParts {
  readonly runtime: Runtime;
  /** Values that clients write take at most this many bytes. */
  readonly maxValueBytes: number;
  readonly view: ClusterView;
  readonly pendingReplies: PendingReplies;
  readonly routes: Routes;
  readonly relay: Relay;
  readonly handlers: EngineHandlers;
  /** Sends a request to one node. */
  readonly request: (to: string, request: Request) => void;
  /** Answers one life of a node. */
  readonly reply: (to: string, life: Life, reply: Reply) => void;
}

/** Hands the messages of each frame to their receivers: the voter, a waiting caller, or a handler. */
export class Dispatcher {
  readonly #parts: DispatcherParts;

  /** A dispatcher that has received nothing yet. */
  constructor(parts: DispatcherParts) {
    this.#parts = parts;
  }

  /** Takes a well-formed frame of another node. The role of the node limits which messages are accepted. */
  receive(from: string, frame: Frame): void {
    this.#parts.handlers.heard(frame.header.life);
    this.#handle(from, frame, this.#parts.view.roleOf(from, frame.header));
  }

  /** Takes a frame that this node has sent to itself. */
  loopback(frame: Frame): void {
    this.#handle(this.#parts.view.self, frame, "member");
  }

  #handle(from: string, frame: Frame, role: Role): void {
    const { header, requests, repliesTo, replies } = frame;
    const { view, pendingReplies, handlers } = this.#parts;
    if (view.record !== null && header.genesis === view.record.id) {
      if (role !== "outsider") view.learn(from, header);
    } else if (header.genesis !== null && view.record !== null && role === "member") {
      handlers.otherGenesis(from, header);
    }
    let lists = 0;
    for (const request of requests) {
      // Dropped, as a lost frame would be: an honest node asks for few lists at a time, and asks again.
      if (request.type === "list" && ++lists > MAX_LISTS) continue;
      this.#answer(from, header, request, role);
    }
    if (repliesTo !== view.life) return;
    for (const reply of replies) {
      if (!mayAnswer(role, reply)) continue;
      if (reply.type === "notAMember") handlers.notAMember(from);
      pendingReplies.receive(from, header, reply);
    }
  }

  #answer(from: string, header: Header, request: Request, role: Role): void {
    const { view, handlers, reply } = this.#parts;
    const { id } = request;
    // A node that sends `enquire` may have another list of members, and is told that instead.
    if (request.type !== "enquire" && view.isOutsider(from)) {
      reply(from, header.life, { id, type: "notAMember" });
      return;
    }
    if (!mayAsk(role, request)) return;
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
        return this.#vote(view.voter, from, header, request as VoterRequest, role);
    }
  }

  /** Has this member's voter answer, and sends its pushes to the watchers. */
  #vote(
    voter: Voter,
    from: string,
    header: Header,
    request: VoterRequest,
    role: Role,
  ): void {
    const { runtime, reply, maxValueBytes } = this.#parts;
    if (header.epoch !== FIRST_EPOCH) return;
    if (role === "client" && request.type === "accept") {
      if (!isFitFor(request.register, request.state, maxValueBytes)) return;
    }
    const asker = { node: from, life: header.life, votes: header.incarnation !== null };
    const { reply: answer, pushes } = voter.handle(request, asker, runtime.now());
    if (answer !== undefined) reply(from, header.life, answer);
    for (const { watcher, reply: pushed } of pushes) reply(watcher.node, watcher.life, pushed);
  }

  /** Passes a message on, or answers that there is no connection to its destination. */
  #relay(from: string, life: Life, request: RelayRequest & { readonly id: number }): void {
    const { relay, reply } = this.#parts;
    if (isGuest(request.to)) return this.#relayToGuest(from, life, request);
    if (relay.pass(from, life, request) || request.payload.repliesTo !== null) return;
    reply(from, life, { id: request.id, type: "unreachable", to: request.to });
  }

  /** Passes a request on to a guest that this member serves, and its answer back. */
  #relayToGuest(from: string, life: Life, request: RelayRequest & { readonly id: number }): void {
    const { handlers, reply, pendingReplies, request: send } = this.#parts;
    const { to, payload } = request;
    if (payload.repliesTo !== null) return;
    const tell = (message: PersonalReply) => {
      const answer = { repliesTo: life, message };
      const id = pendingReplies.next();
      send(from, { id, type: "relayed", from: to, life: this.#parts.view.life, payload: answer });
    };
    if (handlers.guest?.(to, payload.message, tell) === true) return;
    reply(from, life, { id: request.id, type: "unreachable", to });
  }

  /** Takes a message that the member `via` has passed on; an answer goes back the same way. */
  #takeRelayed(via: string, header: Header, { from, life, payload }: RelayedRequest): void {
    const { view, routes, pendingReplies, request, handlers } = this.#parts;
    if (!view.members.includes(from) && view.record?.clients !== true) return;
    handlers.heard(life);
    routes.relayedBy(from, via);
    if (payload.repliesTo === null) {
      this.#serve(from, life, payload.message, (message) => {
        const answer = { repliesTo: life, message };
        request(via, { id: pendingReplies.next(), type: "relay", to: from, payload: answer });
      });
    } else if (payload.repliesTo === view.life) {
      // The relay's own header fields must not be attributed to the original sender.
      pendingReplies.receive(from, { ...header, life, incarnation: null }, payload.message);
    }
  }

  /** Has a handler answer a request that the given life of `from` sends to this node alone. */
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
      // No answer is always safe.
      () => {},
    );
  }
}
