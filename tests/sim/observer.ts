import { type Ballot, compareBallots } from "../../lib/paxos/ballot.ts";
import type { Frame, RegisterRequest, Request } from "../../lib/paxos/messages.ts";
import type { Accepted, RegisterId } from "../../lib/paxos/register.ts";
import { Voter, type VoterOutput, type VoterRequest } from "../../lib/paxos/voter.ts";
import { Chain } from "./chain.ts";
import { show } from "./notation.ts";
import type { World } from "./world.ts";

/** What one member, in one incarnation, has promised and accepted for one register. */
interface Vote {
  promised: Ballot | null;
  accepted: Ballot | null;
}

type Shown = { readonly accepted: Accepted | null; readonly copied: boolean };

/**
 * Looks on from outside, at every frame and at every vote, and checks what must hold at each step:
 * one state per ballot, promises that are kept, chosen states that form one chain, and values that
 * are released only when what they are bound to has ended.
 */
export class Observer {
  readonly #world: World;
  readonly #report: (violation: string) => void;
  readonly #chain: Chain;
  readonly #votes = new Map<string, Vote>();

  /** `steals`: whether locks may be taken away from those that hold them. */
  constructor(
    world: World,
    members: number,
    report: (violation: string) => void,
    steals = false,
  ) {
    this.#world = world;
    this.#report = report;
    this.#chain = new Chain(world, members, report, steals);
  }

  /** What was chosen so far. */
  get chain(): Chain {
    return this.#chain;
  }

  /** A frame is being sent, at `time` by the clock of the simulation. */
  frame({ requests }: Frame, time: number): void {
    for (const request of requests) this.#request(request, time);
  }

  /** A member has handled a request. */
  vote(voter: Voter, request: VoterRequest, { reply }: VoterOutput): void {
    this.#world.voted(voter.incarnation);
    this.#request(request, this.#world.timeOf(voter.incarnation));
    if (request.type === "forget") this.#forgets(voter, request.register, request.ballot);
    if (reply === undefined || !("register" in request)) return;
    const { register } = request;
    const vote = this.#voteOf(voter, register);
    switch (reply.type) {
      case "promise":
        this.#promises(voter, register, vote, reply.ballot);
        this.#shows(voter, register, vote, reply);
        break;
      case "accepted":
        this.#accepts(voter, vote, request as RegisterRequest & { type: "accept" });
        break;
      case "current":
        if (vote.promised !== null && compareBallots(reply.promised, vote.promised) < 0) {
          this.#report(`${voter.incarnation} forgot a promise for ${register}`);
        }
        this.#shows(voter, register, vote, reply);
        break;
    }
  }

  /** Checks what can only be known at the end. */
  finish(): void {
    this.#chain.finish();
  }

  /** Checks, when all is quiet and everything was read, that nothing is left that has ended. */
  checkReleased(time: number): void {
    this.#chain.checkReleased(time);
  }

  /** How many states were chosen. */
  get chosen(): number {
    return this.#chain.chosen;
  }

  #request(request: Request, time: number): void {
    if (request.type === "accept") {
      this.#chain.proposed(request.register, request.ballot, request.state, time);
    }
    if (request.type === "renew") this.#world.asked(request.session);
  }

  #promises(voter: Voter, register: RegisterId, vote: Vote, ballot: Ballot): void {
    if (vote.promised !== null && compareBallots(ballot, vote.promised) <= 0) {
      this.#report(
        `${voter.incarnation} promised ${show(vote.promised)} for ${register}, then ${
          show(ballot)
        }`,
      );
    }
    vote.promised = ballot;
  }

  #accepts(voter: Voter, vote: Vote, request: RegisterRequest & { type: "accept" }): void {
    const { register, ballot, state, next } = request;
    if (vote.promised !== null && compareBallots(ballot, vote.promised) < 0) {
      this.#report(
        `${voter.incarnation} promised ${show(vote.promised)} for ${register}, but accepted ${
          show(ballot)
        }`,
      );
    }
    vote.accepted = ballot;
    vote.promised = next ? { counter: ballot.counter + 1, life: ballot.life } : ballot;
    this.#chain.accepted(register, ballot, state, voter.incarnation);
  }

  /** It may forget a tombstone, if that is the last that it accepted, and it has promised nothing since. */
  #forgets(voter: Voter, register: RegisterId, ballot: Ballot): void {
    const vote = this.#voteOf(voter, register);
    if (vote.promised !== null && compareBallots(vote.promised, ballot) > 0) return;
    if (vote.accepted !== null && compareBallots(vote.accepted, ballot) === 0) vote.accepted = null;
  }

  /** What it says that it accepted must be the last that it did accept. */
  #shows(voter: Voter, register: RegisterId, vote: Vote, shown: Shown): void {
    if (shown.copied) return; // another member's vote, which it took over when it recovered
    const accepted = shown.accepted && show(shown.accepted.ballot);
    const expected = vote.accepted && show(vote.accepted);
    if (accepted === expected) return;
    this.#report(
      `${voter.incarnation} accepted ${expected} for ${register}, but shows ${accepted}`,
    );
  }

  #voteOf(voter: Voter, register: RegisterId): Vote {
    const key = `${voter.incarnation} ${register}`;
    let vote = this.#votes.get(key);
    if (vote === undefined) this.#votes.set(key, vote = { promised: null, accepted: null });
    return vote;
  }
}

/** Has `observer` see every vote of every member in this process, until it is told to stop. */
export function observeVotes(observer: Observer): () => void {
  const { handle } = Voter.prototype;
  Voter.prototype.handle = function (request, from, now) {
    const output = handle.call(this, request, from, now);
    observer.vote(this, request, output);
    return output;
  };
  return () => void (Voter.prototype.handle = handle);
}
