import { type Ballot, compareBallots } from "../../paxos/ballot.ts";
import { Fencing } from "../../paxos/fencing.ts";
import type { ListedRegister, Reply, SessionReply } from "../../paxos/messages.ts";
import { majority, type Sender, Tally } from "../../paxos/quorum.ts";
import type { RegisterId, SessionId } from "../../paxos/register.ts";
import type { Engine } from "../engine/engine.ts";
import { Gate } from "../runtime/gate.ts";
import type { Limits } from "../runtime/operation.ts";
import { LONGEST_ROUND_TRIP, type Pacing } from "../runtime/pacing.ts";
import { EndedSessions } from "./ended_sessions.ts";
import { poll } from "./poll.ts";

/** Time for which answers to a `fence` request count, in milliseconds. */
const LONGEST_ANSWER = 1.5 * LONGEST_ROUND_TRIP;

/** Lists under way in one node; a member answers only a few in one frame. */
const LISTS_UNDER_WAY = 8;

/** Milliseconds for which the lists of a quorum are compared before others get a turn. */
const LONGEST_TURN = 4;

/** Registers that are compared between two looks at the clock. */
const PART = 64;

/**
 * What the lists of a quorum tell of a register: it is surely present (`present`); it has to be read
 * (`unsure`); or it is absent if one of these sessions, which members believe expired, has ended.
 */
export type Presence =
  | "present"
  | "unsure"
  | StalePresence;

/** A register with a value that depends on sessions which may have ended. */
interface StalePresence {
  readonly stale: readonly SessionId[];
  /** Whether the value depends on no other sessions. */
  readonly all: boolean;
  /** Whether its value is surely chosen. Otherwise it has to be read if these sessions turn out to be alive. */
  readonly sure: boolean;
}

/** What the lists of a quorum tell of a register that may be present, and the highest ballot in them. */
export interface Listed {
  readonly presence: Presence;
  readonly ballot: Ballot;
}

/** Queries to a quorum that are not about one register. */
export class QuorumQueries {
  readonly #engine: Engine;
  readonly #pacing: Pacing;
  readonly #gate: Gate = new Gate(LISTS_UNDER_WAY);
  /** The sessions of which this node knows that they have ended. */
  readonly ended: EndedSessions = new EndedSessions();

  /** Asks in the name of `engine`'s node. */
  constructor(engine: Engine, pacing: Pacing) {
    this.#engine = engine;
    this.#pacing = pacing;
  }

  /**
   * Tries to fence `session`; returns whether it ended. Rejects with `no_quorum` when that cannot be
   * determined. Call it only when a quorum believes that the session expired: members may fence a session that
   * is alive if they missed its renewals, and do not renew it afterwards. A session that is known to have ended needs
   * no question.
   */
  async fence(session: SessionId, limits: Limits): Promise<boolean> {
    if (this.ended.has(session)) return true;
    const { runtime, record } = this.#engine;
    const openFor = Math.min(record?.maxTtl ?? 0, LONGEST_ANSWER);
    const outcome = await poll(this.#engine, this.#pacing, limits, (members) => {
      const fencing = new Fencing(members, openFor);
      return {
        request: { type: "fence", session },
        round: () => fencing.ask(runtime.now()),
        answersCountFor: openFor,
        receive: (sender, reply, round) =>
          fencing.receive(round, sender, reply as SessionReply, runtime.now()),
        missing: () => fencing.missing(),
        undecided: () => fencing.undecided ? "alive" : undefined,
      };
    });
    const ended = outcome === "ended";
    if (ended) this.ended.add(session);
    this.#engine.tracing.emit?.({ type: "session.fenced", session, ended });
    return ended;
  }

  /**
   * Whether `session` ended: fences it if a quorum believes that it expired. For callers that know only their
   * own member's view.
   */
  async hasEnded(session: SessionId, limits: Limits): Promise<boolean> {
    return await this.remaining(session, limits) === 0 && await this.fence(session, limits);
  }

  /** The newest session of `node` that a quorum knows to be alive, or `null`. */
  sessionOf(node: string, limits: Limits): Promise<SessionId | null> {
    return poll<SessionId | null>(this.#engine, this.#pacing, limits, (members) => {
      let all = new Tally<SessionId | null | undefined>(members);
      let number = 0;
      return {
        request: { type: "sessionOf", node },
        // Only some members know a session that is just beginning: the next attempt is a new count.
        round: () => {
          if (all.reached) {
            all = new Tally(members);
            number++;
          }
          return number;
        },
        receive: (sender, reply) => {
          if (reply.type !== "newest") return undefined;
          // A member that came back may have forgotten a session: its answer agrees with no other.
          const isUnsure = reply.session === null && reply.remaining > 0;
          all.add(sender, isUnsure ? undefined : reply.session);
          if (isUnsure) return undefined;
          const agreeing = all.replies.filter((session) => session === reply.session).length;
          if (agreeing < majority(members.length)) return undefined;
          return reply.session;
        },
        missing: () => all.missing(),
      };
    });
  }

  /**
   * Milliseconds until a quorum of the members would let `session` be fenced; 0 when a quorum believes it
   * expired. Only asks, and fences nothing.
   */
  async remaining(session: SessionId, limits: Limits): Promise<number> {
    return await poll<number>(this.#engine, this.#pacing, limits, (members) => {
      const tally = new Tally<number>(members);
      return {
        request: { type: "look", session },
        receive: (sender, reply) => {
          if (reply.type !== "alive" || !tally.add(sender, reply.remaining)) return undefined;
          // When this many members consider it expired, they are a quorum.
          const rests = tally.replies.sort((a, b) => a - b);
          return rests[majority(members.length) - 1];
        },
        missing: () => tally.missing(),
      };
    });
  }

  /** The nodes that can run singletons with this id, as known to a quorum. */
  hosts(spec: string, limits: Limits): Promise<string[]> {
    return poll<string[]>(this.#engine, this.#pacing, limits, (members) => {
      const tally = new Tally<readonly string[]>(members);
      return {
        request: { type: "hosts", spec },
        receive: (sender, reply) => {
          if (reply.type !== "hosting" || !tally.add(sender, reply.nodes)) return undefined;
          return [...new Set(tally.replies.flat())];
        },
        missing: () => tally.missing(),
      };
    });
  }

  /**
   * Tells all members, and at least a quorum, that `session`, this node's own, has ended. A later reader finds
   * it ended at all members that it asks, except those that were unreachable. The last nodes of a cluster that
   * is closed node by node do not wait for a quorum that has left.
   */
  end(session: SessionId, limits: Limits): Promise<true> {
    return poll<true>(this.#engine, this.#pacing, limits, (members) => {
      const tally = new Tally<true>(members);
      return {
        request: { type: "end", session },
        receive: (sender, reply) => {
          if (reply.type === "fenced") tally.add(sender, true);
          return tally.missing().length === 0 || undefined;
        },
        missing: () => tally.missing(),
        undecided: () => tally.reached || this.#isDeserted() || undefined,
      };
    });
  }

  /**
   * Whether fewer than a majority of the members have a session, as far as this node knows: the others have
   * probably closed. A heuristic, used only while closing.
   */
  #isDeserted(): boolean {
    const { members, self, voter, runtime } = this.#engine;
    if (voter === null) return false;
    const now = runtime.now();
    const present = members.filter((id) => id === self || voter.sessions.isPresent(id, now));
    return present.length < majority(members.length);
  }

  /**
   * The registers whose ids begin with `prefix`, from the complete lists of a quorum, with what these tell.
   * Registers that are surely released, or whose time has passed by this node's clock, are left out.
   */
  list(prefix: string, limits: Limits): Promise<Map<RegisterId, Presence>> {
    return this.#lists(prefix, limits, (presence) => presence);
  }

  /** As {@linkcode list}, with the ballots. */
  listBallots(prefix: string, limits: Limits): Promise<Map<RegisterId, Listed>> {
    const tell = (presence: Presence, listed: readonly ListedRegister[]) => ({
      presence,
      ballot: listed.map(({ ballot }) => ballot).reduce((a, b) => compareBallots(a, b) < 0 ? b : a),
    });
    return this.#lists(prefix, limits, tell);
  }

  /** Does work that takes long, in parts: the others shall have their turns meanwhile. */
  async #inTurns<T>(work: Iterator<void, T>, limits: Limits): Promise<T> {
    const { runtime } = this.#engine;
    for (let begun = runtime.now();;) {
      const { done, value } = work.next();
      if (done) return value;
      if (runtime.now() - begun <= LONGEST_TURN) continue;
      const pause = this.#engine.operation<void>(limits);
      pause.onEnd(runtime.setTimer(() => pause.resolve(), 0));
      await pause.promise;
      begun = runtime.now();
    }
  }

  async #lists<T>(
    prefix: string,
    limits: Limits,
    tell: (presence: Presence, listed: readonly ListedRegister[]) => T,
  ): Promise<Map<RegisterId, T>> {
    const turn = this.#engine.operation<void>(limits);
    const leave = this.#gate.enter(() => turn.resolve());
    try {
      await turn.promise;
      return await this.#inTurns(union(await this.#list(prefix, limits), tell), limits);
    } finally {
      leave();
    }
  }

  async #list(prefix: string, limits: Limits): Promise<Lists> {
    for (;;) {
      const listed = await this.#listOnce(prefix, limits);
      if (listed !== null) return listed;
    }
  }

  /** The lists of a quorum of one configuration; `null`: the members have changed meanwhile. */
  async #listOnce(prefix: string, limits: Limits): Promise<Lists | null> {
    const { members, runtime, attempts, configuration } = this.#engine;
    const tally = new Tally<readonly ListedRegister[]>(members);
    const aborter = new AbortController();
    let release = () => {};
    try {
      const lists = await new Promise<(readonly ListedRegister[])[] | null>((resolve, reject) => {
        const bound = attempts.bind(() => {
          resolve(null);
          aborter.abort(LISTED);
        });
        release = () => attempts.release(bound);
        const pieces = { ...limits, needed: aborter.signal };
        const listing = new Set<string>();
        // Asks again the members whose list turned out to be from before a crash.
        const begin = () => {
          for (const member of tally.missing().filter((member) => !listing.has(member))) {
            listing.add(member);
            this.#listOf(member, prefix, pieces).then(({ sender, list }) => {
              listing.delete(member);
              if (tally.add(sender, list)) resolve(tally.replies);
              else begin();
            }).catch((error) => reject(this.#engine.contain(error)));
          }
        };
        begin();
      });
      if (lists === null) return null;
      // Until the configuration is settled, votes of a fast round are not chosen by their number.
      const fastVotes = configuration.settled ? members.length : Infinity;
      return { lists, needed: majority(members.length), fastVotes, wall: runtime.wallNow() };
    } finally {
      release();
      aborter.abort(LISTED);
    }
  }

  /** Lists the registers of one member; starts again if its incarnation changes. */
  async #listOf(
    member: string,
    prefix: string,
    limits: Limits,
  ): Promise<{ sender: Sender; list: readonly ListedRegister[] }> {
    let list: ListedRegister[] = [];
    let after = "";
    let incarnation: string | undefined;
    for (;;) {
      const { sender, reply } = await this.#piece(member, prefix, after, limits);
      // Pieces from two incarnations do not make one list.
      if (incarnation !== undefined && incarnation !== sender.incarnation) {
        [list, after, incarnation] = [[], "", undefined];
        continue;
      }
      incarnation = sender.incarnation;
      list.push(...reply.registers);
      if (!reply.more) return { sender, list };
      after = list[list.length - 1].register;
    }
  }

  #piece(member: string, prefix: string, after: RegisterId, limits: Limits) {
    type Piece = { sender: Sender; reply: Reply & { type: "listed" } };
    return poll<Piece>(this.#engine, this.#pacing, limits, () => ({
      request: { type: "list", prefix, after },
      members: [member],
      receive: (sender, reply) => reply.type === "listed" ? { sender, reply } : undefined,
      missing: () => [member],
    }));
  }
}

/** The reason with which lists that are no longer needed are aborted. */
const LISTED = new Error("A quorum has listed its registers");

/** The lists of a quorum of `needed` members, and this node's wall clock when they were complete. */
interface Lists {
  readonly lists: readonly (readonly ListedRegister[])[];
  readonly needed: number;
  /** The number of votes of a fast round that choose. */
  readonly fastVotes: number;
  readonly wall: number;
}

/** The registers in all lists, with what these tell. Yields whenever it has gone through a few of them. */
function* union<T>(
  { lists, needed, fastVotes, wall }: Lists,
  tell: (presence: Presence, listed: readonly ListedRegister[]) => T,
): Generator<void, Map<RegisterId, T>> {
  let count = 0;
  const all = new Map<RegisterId, ListedRegister[]>();
  for (const list of lists) {
    for (const listed of list) {
      if (++count % PART === 0) yield;
      const known = all.get(listed.register);
      // An array that grows has room for 16 more.
      all.set(listed.register, known ? [...known, listed] : [listed]);
    }
  }
  const result = new Map<RegisterId, T>();
  for (const [register, listed] of all) {
    if (++count % PART === 0) yield;
    const presence = presenceOf(listed, needed, fastVotes, wall);
    if (presence !== "gone") result.set(register, tell(presence, listed));
  }
  return result;
}

/**
 * A chosen state is in at least one list of a quorum: a register is gone if every state in the lists has ended
 * or is released. The lists may differ while the release is being written or forgotten. That is safe: nothing
 * is written over a value that has not ended, and a list promises nothing about a value that is just being
 * released.
 */
function presenceOf(
  listed: readonly ListedRegister[],
  needed: number,
  fastVotes: number,
  wall: number,
): Presence | "gone" {
  const living = listed.filter(({ present, until }) => present && (until === null || until > wall));
  if (living.length === 0) return "gone";
  if (living.some(({ bound }) => bound)) return "unsure";
  const sure = isChosen(living, needed, fastVotes);
  const stale = living[0].stale.filter((session) =>
    living.every((one) => one.stale.includes(session))
  );
  if (stale.length === 0) return sure ? "present" : "unsure";
  return { stale, all: living.every(({ owners }) => owners === stale.length), sure };
}

/** Whether a quorum votes for one ballot, or `fastVotes` members do, if all that do so did it in a fast round. */
function isChosen(
  listed: readonly ListedRegister[],
  needed: number,
  fastVotes: number,
): boolean {
  const votes = listed.filter(({ copied, ballot }) =>
    !copied && compareBallots(ballot, listed[0].ballot) === 0
  );
  const isFast = votes.every(({ fast }) => fast);
  return votes.length >= (isFast ? fastVotes : needed);
}
