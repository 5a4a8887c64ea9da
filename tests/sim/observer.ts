import { type Ballot, compareBallots, type Life } from "../../lib/paxos/ballot.ts";
import type { Configuration } from "../../lib/paxos/configuration.ts";
import type { Frame, RegisterRequest, Request, StoredRegister } from "../../lib/paxos/messages.ts";
import { Incarnations } from "../../lib/paxos/incarnations.ts";
import type { Accepted, RegisterId } from "../../lib/paxos/register.ts";
import { Place } from "../../lib/paxos/place.ts";
import { Voter, type VoterOutput, type VoterRequest } from "../../lib/paxos/voter.ts";
import { Chain } from "./chain.ts";
import type { Lists } from "./lists.ts";
import { show } from "./notation.ts";
import type { World } from "./world.ts";

/** The last promise and the last accept of one incarnation of a member for one register. */
interface Vote {
  promised: Ballot | null;
  accepted: Ballot | null;
}

type Shown = { readonly accepted: Accepted | null; readonly copied: boolean };

/**
 * Observes every frame and every vote from outside, and checks the invariants at each step: one state per
 * ballot, kept promises, chosen states that form one chain, and values that are released only when an owner
 * or binding has ended.
 */
export class Observer {
  readonly #world: World;
  readonly #report: (violation: string) => void;
  readonly #chain: Chain;
  readonly #lists: Lists;
  readonly #votes = new Map<string, Vote>();
  /** The configuration that each memory votes under. */
  readonly #configurations = new WeakMap<Voter, Configuration>();
  /** The place of each memory, which knows of crashes. */
  readonly #places = new WeakMap<Voter, Place>();

  /** `lists`: the lists of members; `steals`: whether locks may be stolen from their holders. */
  constructor(
    world: World,
    lists: Lists,
    report: (violation: string) => void,
    steals = false,
  ) {
    this.#world = world;
    this.#report = report;
    this.#lists = lists;
    this.#chain = new Chain(world, lists, report, steals);
  }

  /** The states chosen so far. */
  get chain(): Chain {
    return this.#chain;
  }

  /** A memory votes under this configuration from now on. */
  follows(voter: Voter, configuration: Configuration): void {
    this.#configurations.set(voter, configuration);
    if (this.#lists.follows(configuration)) return;
    const shown = JSON.stringify(configuration);
    this.#report(`${voter.incarnation} follows a configuration that was not chosen: ${shown}`);
  }

  /** A memory votes in this place from now on. */
  votesIn(voter: Voter, place: Place): void {
    this.#places.set(voter, place);
  }

  /** A frame is sent at the virtual time `time`. */
  frame({ requests }: Frame, time: number): void {
    for (const request of requests) this.#request(request, time);
  }

  /** A member has handled a request. */
  vote(voter: Voter, request: VoterRequest, { reply }: VoterOutput): void {
    this.#world.voted(voter.incarnation);
    this.#request(request, this.#world.timeOf(voter.incarnation));
    if (request.type === "forget") this.#forgets(voter, request.register, request.ballot);
    if (!("register" in request)) return;
    const { register } = request;
    const configuration = this.#configurations.get(voter) ?? null;
    if (
      request.type === "chosen" &&
      this.#chain.isUnchosenFast(register, request.ballot, configuration)
    ) {
      this.#report(`${show(request.ballot)} of ${register} is said to be chosen, but is not`);
    }
    const vote = this.#voteOf(voter, register);
    switch (reply?.type) {
      case "promise":
        this.#promises(voter, register, vote, reply.ballot);
        this.#shows(voter, register, vote, reply);
        break;
      case "accepted":
        this.#accepts(voter, vote, request as RegisterRequest & { type: "accept" });
        break;
      case "took":
        this.#takes(voter, vote, request as RegisterRequest & { type: "fast" }, reply.over);
        break;
      case "current":
        if (vote.promised !== null && compareBallots(reply.promised, vote.promised) < 0) {
          this.#report(`${voter.incarnation} forgot a promise for ${register}`);
        }
        this.#shows(voter, register, vote, reply);
        break;
    }
  }

  /** A member votes again with what is on its disk, in another incarnation; `crashes`: those that it knows of. */
  resumed(
    incarnation: Life,
    registers: Iterable<StoredRegister>,
    crashes: ReadonlyMap<string, Life>,
  ): void {
    this.#world.voted(incarnation);
    for (const { register, promised, accepted, copied } of registers) {
      const vote = this.#voteOf({ incarnation }, register);
      vote.promised = promised;
      if (accepted === null || copied) continue;
      vote.accepted = accepted.ballot;
      const { ballot, state, fast = false } = accepted;
      this.#chain.accepted(register, ballot, state, incarnation, null, crashes, fast);
    }
  }

  /** Makes the checks that are possible only at the end. */
  finish(): void {
    this.#chain.finish();
  }

  /** Checks that no ended value is left, when there are no faults and every key was read. */
  checkReleased(time: number): void {
    this.#chain.checkReleased(time);
  }

  /** The number of chosen proposals. */
  get chosen(): number {
    return this.#chain.chosen;
  }

  #request(request: Request, time: number): void {
    if (request.type === "accept") {
      this.#chain.proposed(request.register, request.ballot, request.state, time);
    }
    if (request.type === "fast") {
      this.#chain.proposed(request.register, request.ballot, request.state, time, true);
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
    const { register, ballot, state, next, heir = ballot.life } = request;
    if (vote.promised !== null && compareBallots(ballot, vote.promised) < 0) {
      this.#report(
        `${voter.incarnation} promised ${show(vote.promised)} for ${register}, but accepted ${
          show(ballot)
        }`,
      );
    }
    vote.accepted = ballot;
    vote.promised = next ? { counter: ballot.counter + 1, life: heir } : ballot;
    const configuration = this.#configurations.get(voter) ?? null;
    if (configuration === null) this.#report(`${voter.incarnation} votes without a configuration`);
    const crashes = this.#crashesOf(voter);
    this.#chain.accepted(register, ballot, state, voter.incarnation, configuration, crashes);
  }

  /** A member may take a state in a fast round if it has accepted nothing, and promised nothing as high. */
  #takes(
    voter: Voter,
    vote: Vote,
    { register, ballot, state }: RegisterRequest & { type: "fast" },
    over: number,
  ): void {
    const next = { counter: ballot.counter + 1, life: ballot.life };
    const isAgain = vote.accepted !== null && compareBallots(vote.accepted, ballot) === 0 &&
      vote.promised !== null && compareBallots(vote.promised, next) === 0;
    const isRefused = vote.accepted !== null ||
      (vote.promised !== null && compareBallots(ballot, vote.promised) <= 0);
    if (!isAgain && isRefused) {
      const before = `${vote.promised && show(vote.promised)}, ${
        vote.accepted && show(vote.accepted)
      }`;
      this.#report(`${voter.incarnation} took ${show(ballot)} for ${register} after ${before}`);
    }
    vote.accepted = ballot;
    vote.promised = next;
    const configuration = this.#configurations.get(voter) ?? null;
    if (configuration === null) this.#report(`${voter.incarnation} votes without a configuration`);
    const taken = { ...state, over };
    const crashes = this.#crashesOf(voter);
    this.#chain.accepted(register, ballot, taken, voter.incarnation, configuration, crashes, true);
  }

  /** A member may forget a tombstone if that is its last accept, and it has promised nothing since. */
  #forgets(voter: Voter, register: RegisterId, ballot: Ballot): void {
    const vote = this.#voteOf(voter, register);
    if (vote.promised !== null && compareBallots(vote.promised, ballot) > 0) return;
    if (vote.accepted !== null && compareBallots(vote.accepted, ballot) === 0) vote.accepted = null;
  }

  /** A reported accept must be the last accept of the member. */
  #shows(voter: Voter, register: RegisterId, vote: Vote, shown: Shown): void {
    if (shown.copied) return; // another member's vote, copied during a recovery
    const accepted = shown.accepted && show(shown.accepted.ballot);
    const expected = vote.accepted && show(vote.accepted);
    const isMarked = shown.accepted !== null && shown.accepted.fast !== true &&
      this.#chain.isUnchosenFast(
        register,
        shown.accepted.ballot,
        this.#configurations.get(voter) ?? null,
      );
    if (isMarked) this.#report(`${voter.incarnation} takes ${accepted} of ${register} for chosen`);
    if (accepted === expected) return;
    this.#report(
      `${voter.incarnation} accepted ${expected} for ${register}, but shows ${accepted}`,
    );
  }

  /** The highest incarnation of each node that a member knows: its replies carry those of the others. */
  #crashesOf(voter: Voter): ReadonlyMap<string, Life> {
    const place = this.#places.get(voter);
    if (place !== undefined) return new Map(place.incarnations.all);
    this.#report(`${voter.incarnation} votes without a place`);
    return new Map();
  }

  #voteOf(voter: Pick<Voter, "incarnation">, register: RegisterId): Vote {
    const key = `${voter.incarnation} ${register}`;
    let vote = this.#votes.get(key);
    if (vote === undefined) this.#votes.set(key, vote = { promised: null, accepted: null });
    return vote;
  }
}

/** Makes `observer` see all votes of all members in this process; returns a function that stops it. */
export function observeVotes(observer: Observer): () => void {
  const { handle, follow } = Voter.prototype;
  Voter.prototype.follow = function (configuration) {
    observer.follows(this, configuration);
    follow.call(this, configuration);
  };
  Voter.prototype.handle = function (request, from, now) {
    const output = handle.call(this, request, from, now);
    observer.vote(this, request, output);
    return output;
  };
  const { stored } = Voter;
  const onDisk = new WeakMap<Voter, readonly StoredRegister[]>();
  Voter.stored = function (record, memory, ...rest) {
    const voter = stored.call(Voter, record, memory, ...rest);
    onDisk.set(voter, memory.registers);
    return voter;
  };
  const { remember } = Place.prototype;
  Place.prototype.remember = function (memory, known) {
    observer.votesIn(memory, this);
    const registers = onDisk.get(memory);
    if (registers !== undefined) {
      const crashes = new Incarnations();
      crashes.raiseAll([...this.incarnations.all, ...known]);
      observer.resumed(memory.incarnation, registers, new Map(crashes.all));
    }
    return remember.call(this, memory, known);
  };
  return () => {
    Voter.prototype.handle = handle;
    Voter.prototype.follow = follow;
    Voter.stored = stored;
    Place.prototype.remember = remember;
  };
}
