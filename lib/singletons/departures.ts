import type { Core } from "../node/core.ts";
import type { Unconfirmed } from "./inbox.ts";
import { askNode, RecentMap } from "../node/shell.ts";
import type { Life } from "../paxos/ballot.ts";
import type { SessionId } from "../paxos/register.ts";
import { parseSession } from "../paxos/sessions.ts";
import {
  decodeSingletonReply,
  encodeSingletonRequest,
  MAX_UNSURE,
  type SingletonReply,
  type SingletonRequest,
} from "./singleton_messages.ts";

/**
 * Longest time that other nodes have for an answer, in milliseconds; three round trips if these take longer. After
 * that a host leaves without it, and a caller takes the host for lost.
 */
const PATIENCE = 250;
const PATIENCE_ROUND_TRIPS = 3;

/** Departures that a member remembers, and the size of their names in characters; the oldest beyond are forgotten. */
const MAX_DEPARTURES = 1_000;
const MAX_CHARACTERS = 1_000_000;

/**
 * What is known of hosts that have left in order (section 10): all calls that had begun there were answered, and the
 * nodes that asked for them have the answers. So an attempt that is still unanswered never began, except for those
 * that the host has named.
 */
export class Departures {
  readonly #core: Core;
  /** For each session the attempts that may have begun and have no answer. */
  readonly #known = new RecentMap<SessionId, readonly string[]>(
    MAX_DEPARTURES,
    MAX_CHARACTERS,
    (session, unsure) => session.length + unsure.reduce((sum, { length }) => sum + length, 0),
  );
  /** The questions under way. */
  readonly #asked = new Map<SessionId, Promise<readonly string[] | undefined>>();

  /** Asks the members of `core`'s cluster. */
  constructor(core: Core) {
    this.#core = core;
  }

  /**
   * Leaves in order: waits until those that have asked for attempts have the answers, and tells the members. Those
   * that wait for attempts which still run cannot have them. Another life of the same node has none of them.
   */
  async depart({ byAsker, lost }: Unconfirmed): Promise<void> {
    const core = this.#core;
    const session = core.session.current;
    const unsure = [...lost];
    await Promise.all(
      Array.from(byAsker, async ([life, { node, names, isWaiting }]) => {
        const answer = isWaiting
          ? undefined
          : await this.#ask(node, { type: "leaving", session }, life);
        if (answer?.type !== "settled") unsure.push(...names);
      }),
    );
    if (unsure.length > MAX_UNSURE || !core.session.isValid(session)) return;
    const others = core.members.filter((member) => member !== core.self);
    const request = { type: "departed", session, unsure } as const;
    if (others.length === 0) return;
    const told = core.operation<void>(this.#limits());
    let noted = 0;
    const note = (answer: SingletonReply | undefined) => {
      if (answer?.type === "noted" && ++noted >= enough(others.length)) told.resolve();
    };
    for (const member of others) void this.#ask(member, request).then(note);
    await told.promise.catch(() => {});
  }

  /** Remembers that a host has left. */
  note(session: SessionId, unsure: readonly string[]): void {
    this.#known.set(session, unsure);
  }

  /** The answer to a node that asks about a host. */
  known(session: SessionId): SingletonReply {
    const unsure = this.#known.get(session);
    return unsure === undefined ? { type: "unknown" } : { type: "departed", unsure };
  }

  /** Whether an unanswered attempt in `session`, which has ended, never began: asks the members. */
  async hasLeft(session: SessionId, attempt: string): Promise<boolean> {
    let asked = this.#asked.get(session);
    if (asked === undefined) {
      asked = this.#askMembers(session).finally(() => this.#asked.delete(session));
      this.#asked.set(session, asked);
    }
    return (await asked)?.includes(attempt) === false;
  }

  /** The attempts that may have begun and have no answer; `undefined` if the host has not left in order. */
  async #askMembers(session: SessionId): Promise<readonly string[] | undefined> {
    const { node } = parseSession(session);
    const others = this.#core.members.filter((member) => member !== node);
    if (others.length === 0) return undefined;
    const found = this.#core.operation<readonly string[] | undefined>(this.#limits());
    let unknown = 0;
    const note = (answer: SingletonReply | undefined) => {
      if (answer?.type === "departed") found.resolve(answer.unsure);
      // One of the others has noted it, if it is so.
      const last = others.length - enough(others.length) + 1;
      if (answer?.type === "unknown" && ++unknown >= last) found.resolve(undefined);
    };
    for (const member of others) {
      void this.#ask(member, { type: "hasDeparted", session }).then(note);
    }
    return await found.promise.catch(() => undefined);
  }

  #limits() {
    const { runtime, pacing } = this.#core;
    const patience = Math.max(PATIENCE, PATIENCE_ROUND_TRIPS * pacing.roundTrip);
    return { deadline: runtime.now() + patience };
  }

  /** Asks a node, or one life of it, until it answers; `undefined` if it does not, or only that it waits. */
  async #ask(
    node: string,
    request: SingletonRequest,
    life?: Life,
  ): Promise<SingletonReply | undefined> {
    const answered = askNode(
      this.#core,
      node,
      encodeSingletonRequest(request),
      this.#limits(),
      (body, by) => {
        if (life !== undefined && by !== life) return;
        const answer = decodeSingletonReply(body);
        if (answer.type !== "running") return answer;
      },
    );
    return await answered.catch(() => undefined);
  }
}

/** How many of `count` members have to note that a host has left. */
function enough(count: number): number {
  return Math.ceil(count / 2);
}
