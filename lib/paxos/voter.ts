import { Acceptor, type AcceptorOutput } from "./acceptor.ts";
import type { Life } from "./ballot.ts";
import { type Configuration, votersOf } from "./configuration.ts";
import type {
  GenesisRecord,
  RegisterRequest,
  Reply,
  SessionReply,
  SessionRequest,
  StoredRegister,
} from "./messages.ts";
import { MemberClocks } from "./member_clocks.ts";
import type { Recovered } from "./recovery.ts";
import { isConfiguration, type SessionId } from "./register.ts";
import { isGuest, parseSession, SessionTable } from "./sessions.ts";
import { type Requester, type Watcher, Watchers } from "./watchers.ts";

/** A member's reply, and its pushes to watchers. */
export interface VoterOutput {
  /** The reply; `undefined`: none. */
  readonly reply: Reply | undefined;
  /** The pushes to watchers. */
  readonly pushes: readonly { readonly watcher: Watcher; readonly reply: Reply }[];
}

/** The settings of a voter. */
export interface VoterSettings {
  /** The ids of the members, in order. */
  readonly members: readonly string[];
  /** Most registers that it holds. */
  readonly maxKeys: number;
  /** Bytes of the held registers at which new ones are refused. */
  readonly maxBytes: number;
}

/** What a member keeps of its vote on its disk. */
export interface StoredVotes {
  /** The life that counts as the incarnation of this memory. */
  readonly incarnation: Life;
  /** The registers that it holds. */
  readonly registers: readonly StoredRegister[];
  /** The floor of its acceptor. */
  readonly floor: number;
  /** The sessions that it fenced. */
  readonly fenced: readonly SessionId[];
  /** The sessions that their own nodes ended. */
  readonly ended: readonly SessionId[];
  /** The lives that are proved to be over. */
  readonly over: readonly Life[];
  /** Whether sessions from before a total loss cannot be valid any more (clusters with clients). */
  readonly waited: boolean;
}

/** A request that only an operational member answers. */
export type VoterRequest = { readonly id: number } & (RegisterRequest | SessionRequest);

/**
 * The voting part of an operational member: the acceptor for its registers, and its side of all
 * sessions. It lives as long as the member's memory.
 */
export class Voter {
  /** The life that its memory began with. */
  readonly incarnation: Life;
  /** Its registers. */
  readonly acceptor: Acceptor;
  /** Its side of all sessions. */
  readonly sessions: SessionTable;
  /** The members' wall clocks. */
  readonly clocks: MemberClocks;
  #members: readonly string[];
  /** Whether registers may be forgotten. */
  #isSettled = true;
  /** The nodes that want to hear when a life is proved to be over, by life. */
  readonly #lives = new Watchers();
  #lifeOver: () => void = () => {};

  /**
   * A member that votes under `record` for the first time, with nothing to remember. `clockError` is how far a
   * reading of its clock may be behind the true time, in milliseconds.
   */
  constructor(
    record: GenesisRecord,
    incarnation: Life,
    settings: VoterSettings,
    clockError: () => number = () => 0,
  ) {
    this.incarnation = incarnation;
    this.sessions = new SessionTable(record.maxTtl, clockError);
    this.clocks = new MemberClocks(settings.members);
    this.#members = settings.members;
    this.acceptor = new Acceptor({
      maxKeys: settings.maxKeys,
      maxBytes: settings.maxBytes,
      floor: record.floor,
      isStale: (session, now) => this.sessions.isStale(session, now),
    });
  }

  /** A member that votes under `record` again, from `now` on, with the memory that it copied from others. */
  static recovered(
    record: GenesisRecord,
    memory: Omit<Recovered, "known">,
    settings: VoterSettings,
    now: number,
    clockError?: () => number,
  ): Voter {
    const voter = new Voter(record, memory.incarnation, settings, clockError);
    voter.acceptor.adopt(memory.registers, memory.floor, now);
    voter.sessions.recover(now, memory.fenced, memory.ended, memory.over);
    voter.sessions.grantFrom(now + memory.wait);
    return voter;
  }

  /** A member that votes under `record` again, from `now` on, with the memory that is on its disk. */
  static stored(
    record: GenesisRecord,
    memory: StoredVotes,
    settings: VoterSettings,
    now: number,
    clockError?: () => number,
  ): Voter {
    // As after a recovery: it remembers no renewals. Unless the wait for grants is known to be over, it waits anew.
    const wait = record.clients && !memory.waited ? record.maxTtl : 0;
    return Voter.recovered(record, { ...memory, wait }, settings, now, clockError);
  }

  /** Votes under `configuration` from now on. */
  follow(configuration: Configuration): void {
    this.#members = votersOf(configuration);
    this.#isSettled = configuration.settled;
    this.clocks.follow(this.#members);
  }

  /** Calls `listener` whenever a life is proved to be over. */
  onLifeOver(listener: () => void): void {
    this.#lifeOver = listener;
  }

  /** Answers one request; `now` is the reading of the monotonic clock at its arrival. */
  handle(request: VoterRequest, from: Requester, now: number): VoterOutput {
    switch (request.type) {
      case "renew":
      case "fence":
      case "look":
      case "end":
      case "sessionOf":
      case "hosts": {
        const reply = this.#session(request, from, now);
        return { reply: reply && { id: request.id, ...reply }, pushes: [] };
      }
      case "over":
        return this.#over(request.id, request.life, now);
      case "watchLife": {
        const { id, life } = request;
        this.#lives.add(life, { ...from, id }, now);
        // The proof may have come before this request.
        const isOver = this.sessions.isLifeOver(life);
        return { reply: isOver ? { id, type: "over", life } : undefined, pushes: [] };
      }
      case "prepare":
      case "accept":
        // Only members may sweep: a client must not bypass the bounds of this member.
        if (request.sweep === true && !this.#members.includes(from.node)) {
          const { sweep: _, ...bounded } = request;
          return withIds(request.id, this.acceptor.handle(bounded, from, now));
        }
        return withIds(request.id, this.acceptor.handle(request, from, now));
      case "fast": {
        if (this.#isSettled) return withIds(request.id, this.acceptor.handle(request, from, now));
        // A new member has neither accepted nor copied what the others take meanwhile, and would take something else later;
        // one that comes back copies the votes of a removed one, too, which go before theirs if their ballots are higher.
        const { id, register, ballot } = request;
        const next = { counter: ballot.counter + 1, life: ballot.life };
        if (isConfiguration(register)) return { reply: undefined, pushes: NO_PUSHES };
        return withIds(
          id,
          this.acceptor.handle({ type: "prepare", register, ballot: next }, from, now),
        );
      }
      case "forget":
        // A copy that a new member makes meanwhile, or the memory of a removed one, lacks what happens without it: a
        // tombstone that all others forget would leave an older state alone.
        if (!this.#isSettled) return { reply: undefined, pushes: [] };
        return withIds(request.id, this.acceptor.handle(request, from, now));
      default:
        return withIds(request.id, this.acceptor.handle(request, from, now));
    }
  }

  /** Notes the proof, and tells the nodes that wait for it. */
  #over(id: number, life: Life, now: number): VoterOutput {
    const isNews = !this.sessions.isLifeOver(life);
    const reply = this.sessions.over(life, now);
    if (!isNews) return { reply: { id, ...reply }, pushes: [] };
    this.#lifeOver();
    const pushes = this.#lives.of(life, now)
      .map((watcher) => ({ watcher, reply: { id: watcher.id, ...reply } }));
    return { reply: { id, ...reply }, pushes };
  }

  /** Whether `session` is the asker's own, or that of a guest whose gateway it is: only members are gateways. */
  #isOwn(session: string, from: Requester): boolean {
    const { node, life } = parseSession(session);
    if (isGuest(node)) return this.#members.includes(from.node) && from.votes === true;
    return node === from.node && life === from.life;
  }

  #session(
    request: Exclude<SessionRequest, { type: "over" | "watchLife" }>,
    from: Requester,
    now: number,
  ): SessionReply | undefined {
    switch (request.type) {
      case "renew":
        if (!this.#isOwn(request.session, from)) return undefined;
        this.clocks.tell(from.node, request.wall, request.ttl, now);
        return this.sessions.renew(
          request.session,
          request.ttl,
          request.renewal,
          now,
          request.hosts,
        );
      case "fence":
        return this.sessions.fence(request.session, now);
      case "look":
        return this.sessions.look(request.session, now);
      case "end":
        // A process must not end the sessions of another process under the same id.
        if (!this.#isOwn(request.session, from)) return undefined;
        return this.sessions.end(request.session, now);
      case "sessionOf":
        return this.sessions.newest(request.node, now);
      case "hosts":
        return this.sessions.hosting(request.spec, now);
    }
  }
}

const NO_PUSHES: VoterOutput["pushes"] = [];

function withIds(id: number, { reply, pushes }: AcceptorOutput): VoterOutput {
  return {
    // A literal that begins with the spread is four times as quick.
    reply: reply && { ...reply, id },
    pushes: pushes.length === 0
      ? NO_PUSHES
      : pushes.map(({ watcher, reply }) => ({ watcher, reply: { id: watcher.id, ...reply } })),
  };
}
