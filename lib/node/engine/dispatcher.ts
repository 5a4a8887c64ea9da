import { isFitFor, requestHandler } from "../../codec.ts";
import type { SynodError } from "../../errors.ts";
import type { Life } from "../../paxos/ballot.ts";
import type { Configuration } from "../../paxos/configuration.ts";
import type { ConfigurationRequest } from "../../paxos/configuration_messages.ts";
import type { ConfigurationNews } from "../../paxos/incarnations.ts";
import type {
  Frame,
  GenesisRequest,
  HandoverReply,
  HandoverRequest,
  Header,
  OrderRequest,
  PersonalReply,
  PersonalRequest,
  RelayedRequest,
  RelayRequest,
  Reply,
  Request,
} from "../../paxos/messages.ts";
import type { RegisterId } from "../../paxos/register.ts";
import { isGuest } from "../../paxos/sessions.ts";
import type { Voter, VoterOutput, VoterRequest } from "../../paxos/voter.ts";
import type { Runtime } from "../runtime/runtime.ts";
import type { Tracing } from "../runtime/tracing.ts";
import type { FrameRest } from "../wire/intake.ts";
import type { PendingReplies } from "../wire/pending_replies.ts";
import type { Relay } from "../wire/relay.ts";
import type { Routes } from "../wire/routes.ts";
import { mayAnswer, mayAsk, type Role } from "./admission.ts";
import { ListLane } from "./list_lane.ts";
import type { ClusterView, ViewEvents } from "./cluster_view.ts";
import { leavesAlone } from "./last_member.ts";

/**
 * Time for which the requests of a frame are handled before other peers have their turns, in milliseconds: a frame may have
 * 1,000 of them, and a message to a singleton can take a millisecond.
 */
const LONGEST_TURN = 2;

/** Handlers for everything that is not about registers and sessions. */
export interface EngineHandlers extends ViewEvents {
  /** A request of genesis or of recovery. */
  readonly genesis: (from: string, header: Header, request: Request & GenesisRequest) => void;
  /** A request about a change of the members; a configuration in it was learned before. */
  readonly change: (
    from: string,
    header: Header,
    request: Request & ConfigurationRequest,
  ) => void;
  /** A put for one of this node's processes. */
  readonly handover: (from: string, request: HandoverRequest) => Promise<HandoverReply>;
  /** A request about a singleton; `tell` answers it, any number of times. */
  readonly asked: (
    from: string,
    life: Life,
    body: Uint8Array,
    tell: (body: Uint8Array) => void,
  ) => void;
  /** Requests for a lock that this node holds; `refuse` answers that they were not taken. Absent: it takes none. */
  readonly order?: (
    from: string,
    life: Life,
    request: OrderRequest,
    refuse: (moved: boolean) => void,
  ) => void;
  /** Another node asks this member to change a register. Absent: that is of no interest. */
  readonly changing?: (register: RegisterId) => void;
  /** Whether this node has begun to close. Absent: it has not. */
  readonly isClosing?: () => boolean;
  /** A member lives under another genesis. */
  readonly otherGenesis: (from: string, header: Header) => void;
  /** A member did not serve what it was asked, since it lacked this node's configuration, which is on its way to it now. */
  readonly behind?: () => void;
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
  /** A frame with this header has arrived, from a member or from another node. */
  readonly frameHeard?: (from: string, header: Header) => void;
  /** Which members do not answer, and why; empty if all do. */
  readonly silence?: () => string;
  /** This node has taken a new life. */
  readonly tookLife: (life: Life) => void;
  /** A peer speaks another version of the format. */
  readonly otherVersion: (from: string, version: number) => void;
}

/** What a dispatcher works with. */
export interface DispatcherParts {
  readonly runtime: Runtime;
  /** Contains an error in the handling of a message. */
  readonly guard: (handle: () => void) => void;
  /** Values that clients write take at most this many bytes. */
  readonly maxValueBytes: number;
  readonly view: ClusterView;
  readonly pendingReplies: PendingReplies;
  readonly routes: Routes;
  readonly relay: Relay;
  readonly handlers: EngineHandlers;
  readonly tracing: Tracing;
  /** Called when a member has passed on a message of `from`. */
  readonly relayed: (from: string) => void;
  /** Sends a request to one node. */
  readonly request: (to: string, request: Request) => void;
  /** Learns of a chosen configuration. */
  readonly learn: (news: ConfigurationNews) => void;
  /** Answers one life of a node. */
  readonly reply: (to: string, life: Life, reply: Reply) => void;
}

/** Hands the messages of each frame to their receivers: the voter, a waiting caller, or a handler. */
export class Dispatcher {
  readonly #parts: DispatcherParts;
  readonly #lists: ListLane;
  /** A configuration, and the members that have asked this node for it: once each, so that they cannot ask for ever. */
  #told: { readonly configuration: Configuration; readonly members: Set<string> } | null = null;

  /** A dispatcher that has received nothing yet. */
  constructor(parts: DispatcherParts) {
    this.#parts = parts;
    this.#lists = new ListLane(parts.runtime, parts.guard);
  }

  /** Answers nothing more that waits. */
  close(): void {
    this.#lists.close();
  }

  /**
   * Takes a well-formed frame of another node, which is handed on at the time `now`. The role of the node limits which
   * messages are accepted. Returns what is left of the frame if it takes long: others shall have their turns meanwhile.
   */
  receive(from: string, frame: Frame | FrameRest, now: number): FrameRest | undefined {
    if (!("isTold" in frame)) this.#parts.handlers.heard(frame.header.life);
    return this.#handle(from, frame, this.#parts.view.roleOf(from, frame.header), now);
  }

  /** Takes a frame that this node has sent to itself. */
  loopback(frame: Frame): void {
    const { view, runtime } = this.#parts;
    let rest: Frame | FrameRest | undefined = frame;
    while (rest) rest = this.#handle(view.self, rest, "member", runtime.now());
  }

  /** The clock is read once for the messages of a turn: that takes as long as to count a vote. */
  #handle(
    from: string,
    frame: Frame | FrameRest,
    role: Role,
    now: number,
  ): FrameRest | undefined {
    const { header, requests, repliesTo, replies } = frame;
    const { view, pendingReplies, handlers, runtime } = this.#parts;
    if (view.record !== null && header.genesis === view.record.id) {
      if (role !== "outsider") view.learn(from, header, now);
    } else if (header.genesis !== null && view.record !== null && role === "member") {
      handlers.otherGenesis(from, header);
    }
    let isTold = "isTold" in frame && frame.isTold;
    // By their places, here and below: empty lists are frozen, and runtimes make an object per step for lists of two kinds.
    for (let i = 0; i < requests.length; i++) {
      // Not before each: most take less than to read the clock ten times.
      if (i % 8 === 7 && runtime.now() - now > LONGEST_TURN) {
        return { ...frame, requests: requests.slice(i), isTold };
      }
      const request = requests[i];
      // The first request may bring the configuration of the others.
      if (view.judge(header) !== "serve" && this.#isOfAnotherEpoch(header, request)) {
        // Once for all requests of a frame.
        if (!isTold) this.#tellEpoch(from, header, request);
        isTold = true;
      } else if (request.type === "list" && mayAsk(role, request)) {
        this.#lists.take(from, () => this.#answer(from, header, request, role, runtime.now()));
      } else {
        this.#answer(from, header, request, role, now);
      }
    }
    if (repliesTo !== view.life) return undefined;
    for (let i = 0; i < replies.length; i++) {
      const reply = replies[i];
      if (!mayAnswer(role, reply)) {
        this.#refused(from, role, reply.type);
        continue;
      }
      if (reply.type === "notAMember") handlers.notAMember(from);
      if (header.genesis === view.record?.id) this.#followEpoch(from, reply);
      pendingReplies.receive(from, header, reply);
    }
    return undefined;
  }

  /** Whether a request of another epoch is bound to that, and so is not served. */
  #isOfAnotherEpoch(header: Header, request: Request): boolean {
    const { view } = this.#parts;
    if (view.record === null || header.genesis !== view.record.id) return false;
    switch (requestHandler(request.type)) {
      case "voter":
        return true;
      case "membership":
        return request.type !== "enquire";
      default:
        return false;
    }
  }

  /** Tells a node that is behind of the newer configuration, or asks a node that is ahead for its own. */
  #tellEpoch(from: string, header: Header, { id }: Request): void {
    const { view, reply } = this.#parts;
    if (view.isOutsider(from)) return reply(from, header.life, { id, type: "notAMember" });
    if (view.judge(header) === "ask") return reply(from, header.life, { id, type: "unknownEpoch" });
    if (view.place === null) return;
    reply(from, header.life, { id, type: "newerConfiguration", ...view.place.news });
  }

  /** Follows a newer configuration, or tells its own to a node that does not know it. */
  #followEpoch(from: string, reply: Reply): void {
    const { view, learn, request, pendingReplies, handlers } = this.#parts;
    if (reply.type === "newerConfiguration") learn(reply);
    if (reply.type !== "unknownEpoch" || view.place === null) return;
    const { news } = view.place;
    request(from, { id: pendingReplies.next(), type: "configure", ...news });
    const { configuration } = news;
    if (this.#told?.configuration !== configuration) {
      this.#told = { configuration, members: new Set() };
    }
    const { members } = this.#told;
    if (members.has(from)) return;
    members.add(from);
    // Behind the configuration, which it follows first.
    handlers.behind?.();
  }

  #answer(from: string, header: Header, request: Request, role: Role, now: number): void {
    const { view, handlers, reply } = this.#parts;
    const { id } = request;
    // A node that sends `enquire` may have another list of members, and is told that instead.
    if (request.type !== "enquire" && view.isOutsider(from)) {
      reply(from, header.life, { id, type: "notAMember" });
      return;
    }
    if (!mayAsk(role, request)) return this.#refused(from, role, request.type);
    const sameGenesis = header.genesis === view.record?.id;
    switch (requestHandler(request.type)) {
      case "membership":
        return handlers.genesis(from, header, request as Request & GenesisRequest);
      case "change":
        if (!sameGenesis || view.record === null) return;
        if (request.type === "configure") this.#parts.learn(request);
        if (this.#wouldBeLost(request)) return;
        return handlers.change(from, header, request as Request & ConfigurationRequest);
      case "node":
        if (!sameGenesis) return;
        return this.#serve(from, header.life, request as PersonalRequest, (answer) => {
          reply(from, header.life, answer);
        });
      case "link":
        if (!sameGenesis) return;
        return handlers.order?.(from, header.life, request as OrderRequest, (moved) => {
          reply(from, header.life, { id, type: "unordered", moved });
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
        if (view.voter === null || !sameGenesis || this.#wouldBeLost(request)) return;
        return this.#vote(view.voter, from, header, request as VoterRequest, role, now);
    }
  }

  /** Whether a request would have this node, which closes, be the only member. */
  #wouldBeLost(request: Request): boolean {
    const { view: { place, self }, handlers } = this.#parts;
    if (handlers.isClosing?.() !== true || place === null) return false;
    return leavesAlone(place.configuration, self, request);
  }

  #refused(from: string, role: Role, message: string): void {
    this.#parts.tracing.emit?.({ type: "message.refused", from, role, message });
  }

  /** Has this member's voter answer, and sends its pushes to the watchers. */
  #vote(
    voter: Voter,
    from: string,
    header: Header,
    request: VoterRequest,
    role: Role,
    now: number,
  ): void {
    const { reply, maxValueBytes, view, handlers } = this.#parts;
    // A list may have waited for its turn.
    if (view.judge(header) !== "serve") return;
    const brings = request.type === "accept" || request.type === "fast";
    if (role === "client" && brings) {
      if (!isFitFor(request.register, request.state, maxValueBytes)) return;
    }
    const asker = { node: from, life: header.life, votes: header.incarnation !== null };
    const { reply: answer, pushes } = voter.handle(request, asker, now);
    if (answer !== undefined) reply(from, header.life, answer);
    if (from !== view.self && (brings || request.type === "prepare")) {
      handlers.changing?.(request.register);
    }
    if (pushes.length > 0) this.#push(pushes);
  }

  #push(pushes: VoterOutput["pushes"]): void {
    const { reply, view, routes } = this.#parts;
    // All members would tell an heir of the same loss. One is enough: the first in order that this one can reach.
    const teller = view.members.find((one) => one === view.self || routes.reaches(one));
    for (const { watcher, reply: pushed } of pushes) {
      if (pushed.type !== "nack" || teller === view.self) reply(watcher.node, watcher.life, pushed);
    }
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
    const { view, routes, pendingReplies, request, handlers, relayed } = this.#parts;
    if (!view.members.includes(from) && view.record?.clients !== true) return;
    handlers.heard(life);
    routes.relayedBy(from, via);
    relayed(from);
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
