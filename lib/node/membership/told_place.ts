import { sameMembers } from "../../paxos/genesis.ts";
import type { Engine } from "../engine/engine.ts";
import type { MembershipEvents } from "./membership_events.ts";

/** What the node was told of its place in the cluster: it is told of each change once. */
export class ToldPlace {
  readonly #engine: Engine;
  readonly #events: MembershipEvents;
  #entered = false;
  #votes = false;
  /** The members of which it was told last. */
  #members: readonly string[];

  /** It was told nothing but the list that it was given. */
  constructor(engine: Engine, events: MembershipEvents) {
    this.#engine = engine;
    this.#events = events;
    this.#members = engine.members;
  }

  /** Whether it was told that it votes. */
  get votes(): boolean {
    return this.#votes;
  }

  /** The node lives under this record and configuration from now on, without a vote. */
  enter(...told: Parameters<Engine["enter"]>): void {
    this.#votes = false;
    this.#engine.enter(...told);
    const { members } = this.#engine;
    // A member that was removed forgets its list with its memory, and learns the list again.
    const isNews = !sameMembers(members, this.#members);
    this.#members = members;
    this.#events.entered(this.#entered);
    this.#entered = true;
    if (isNews) this.#events.changed();
  }

  /** Whether it votes now, which it was not told yet. */
  beginsToVote(): boolean {
    if (this.#engine.voter === null || this.#votes) return false;
    return this.#votes = true;
  }

  /** It votes no more. */
  noVote(): void {
    this.#votes = false;
  }

  /** The node follows a newer configuration. */
  moved(): void {
    const { self, members } = this.#engine;
    if (members === this.#members) return;
    const before = this.#members;
    this.#members = members;
    this.#events.changed();
    if (before.includes(self) && !members.includes(self)) this.#events.removed();
  }

  /** The node has given its cluster up: its members are those of the list that it was given. */
  gaveUp(): void {
    const { members } = this.#engine;
    const isNews = !sameMembers(members, this.#members);
    this.#members = members;
    this.#events.gaveUp();
    if (isNews) this.#events.changed();
  }
}
