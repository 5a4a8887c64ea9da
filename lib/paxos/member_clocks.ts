import { majority } from "./quorum.ts";

/** What one member told last of its wall clock. */
interface Told {
  /** Milliseconds since 1970, when it sent that. */
  readonly wall: number;
  /** This acceptor's monotonic clock, when that arrived. */
  readonly at: number;
  /** For how many milliseconds it counts. */
  readonly ttl: number;
}

/**
 * The members' wall clocks, as they tell them with the renewals of their sessions: what lasts until a time is
 * sealed unasked only once a majority of these clocks has passed it, so that one clock that is ahead ends
 * nothing (section 8). A member that told its clock within the time to live of its session is operational.
 */
export class MemberClocks {
  readonly #members: readonly string[];
  readonly #told = new Map<string, Told>();

  /** Knows the ids of the members, and none of their clocks. */
  constructor(members: readonly string[]) {
    this.#members = members;
  }

  /** Takes note of what a renewal says of its sender's clock; only of members. */
  tell(node: string, wall: number, ttl: number, now: number): void {
    if (this.#members.includes(node)) this.#told.set(node, { wall, at: now, ttl });
  }

  /** Whether `member` has told its clock lately. */
  isPresent(member: string, now: number): boolean {
    const told = this.#told.get(member);
    return told !== undefined && now - told.at < told.ttl;
  }

  /** The members that have not told their clocks lately. */
  missing(now: number): string[] {
    return this.#members.filter((member) => !this.isPresent(member, now));
  }

  /** The latest time that a majority of the members' clocks has passed; `-Infinity`: it is not known. */
  passed(now: number): number {
    const times: number[] = [];
    for (const member of this.#members) {
      if (!this.isPresent(member, now)) continue;
      const { wall, at } = this.#told.get(member)!;
      // What it told was on its way for a while: its clock is at least there by now.
      times.push(wall + (now - at));
    }
    times.sort((a, b) => b - a);
    return times[majority(this.#members.length) - 1] ?? -Infinity;
  }
}
