import { Acceptor, type AcceptorOutput, type Asker } from "./acceptor.ts";
import type { Life } from "./ballot.ts";
import type {
  GenesisRecord,
  RegisterRequest,
  Reply,
  SessionReply,
  SessionRequest,
} from "./messages.ts";
import type { Recovered } from "./recovery.ts";
import { parseSession, SessionTable } from "./sessions.ts";
import type { Watcher } from "./watchers.ts";

/** What a member answers, and what goes out to those who watch. */
export interface VoterOutput {
  /** What to answer; `undefined`: nothing. */
  readonly reply: Reply | undefined;
  /** What goes out to those who watch. */
  readonly pushes: readonly { readonly watcher: Watcher; readonly reply: Reply }[];
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

  /**
   * A member that votes under `record` from now on, and has nothing to remember. `clockError` is how far a
   * reading of its clock may be behind the truth, in milliseconds.
   */
  constructor(
    record: GenesisRecord,
    incarnation: Life,
    maxKeys: number,
    clockError: () => number = () => 0,
  ) {
    this.incarnation = incarnation;
    this.sessions = new SessionTable(record.maxTtl, clockError);
    this.acceptor = new Acceptor({
      maxKeys,
      floor: record.floor,
      isStale: (session, now) => this.sessions.isStale(session, now),
    });
  }

  /** A member that votes under `record` again, from `now` on, with what it copied from others. */
  static recovered(
    record: GenesisRecord,
    memory: Recovered,
    maxKeys: number,
    now: number,
    clockError?: () => number,
  ): Voter {
    const voter = new Voter(record, memory.incarnation, maxKeys, clockError);
    voter.acceptor.adopt(memory.registers, memory.floor, now);
    voter.sessions.recover(now, memory.fenced, memory.ended);
    voter.sessions.grantFrom(now + memory.wait);
    return voter;
  }

  /** Answers one request; `now` is the reading of the monotonic clock at its arrival. */
  handle(request: VoterRequest, from: Asker, now: number): VoterOutput {
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
      default:
        return withIds(request.id, this.acceptor.handle(request, from, now));
    }
  }

  #session(request: SessionRequest, from: Asker, now: number): SessionReply | undefined {
    switch (request.type) {
      case "renew":
        if (!isOwn(request.session, from)) return undefined;
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
        // A second process under the same id must not end the sessions of the first.
        if (!isOwn(request.session, from)) return undefined;
        return this.sessions.end(request.session, now);
      case "sessionOf":
        return this.sessions.newest(request.node, now);
      case "hosts":
        return this.sessions.hosting(request.spec, now);
    }
  }
}

function isOwn(session: string, from: Asker): boolean {
  const { node, life } = parseSession(session);
  return node === from.node && life === from.life;
}

function withIds(id: number, { reply, pushes }: AcceptorOutput): VoterOutput {
  return {
    reply: reply && { id, ...reply },
    pushes: pushes.map(({ watcher, reply }) => ({ watcher, reply: { id: watcher.id, ...reply } })),
  };
}
