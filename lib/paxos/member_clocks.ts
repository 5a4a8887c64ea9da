import { majority } from "./quorum.ts";

/** The latest report of one member's wall clock. */
interface ReportedClock {
  /** Its wall clock when it sent the report, in milliseconds since 1970. */
  readonly wall: number;
  /** This acceptor's monotonic clock at the arrival of the report. */
  readonly at: number;
  /** Milliseconds for which the report counts. */
  readonly ttl: number;
}

/**
 * The members' wall clocks, as reported with the renewals of their sessions. A value with an end time is sealed
 * unasked only once a majority of these clocks has passed that time, so one clock that is ahead ends nothing
 * (section 8). A member that reported its clock within the time to live of its session is operational.
 */
export class MemberClocks {
  #members: readonly string[];
  readonly #told = new Map<string, ReportedClock>();

  /** Knows the ids of the members, and none of their clocks. */
  constructor(members: readonly string[]) {
    this.#members = members;
  }

  /** Counts the clocks of `members` from now on, and forgets those of others. */
  follow(members: readonly string[]): void {
    this.#members = members;
    for (const node of this.#told.keys()) if (!members.includes(node)) this.#told.delete(node);
  }

  /** Notes the sender's clock from a renewal; ignores nodes that are not members. */
  tell(node: string, wall: number, ttl: number, now: number): void {
    if (this.#members.includes(node)) this.#told.set(node, { wall, at: now, ttl });
  }

  /** Whether `member` has a report that still counts. */
  isPresent(member: string, now: number): boolean {
    const told = this.#told.get(member);
    return told !== undefined && now - told.at < told.ttl;
  }

  /** The members without a report that still counts. */
  missing(now: number): string[] {
    return this.#members.filter((member) => !this.isPresent(member, now));
  }

  /** The latest time that a majority of the members' clocks has passed; `-Infinity` if it is unknown. */
  passed(now: number): number {
    const times: number[] = [];
    for (const member of this.#members) {
      const told = this.#told.get(member);
      if (told === undefined || !this.isPresent(member, now)) continue;
      // The report took time to arrive: the member's clock is at least this far by now.
      times.push(told.wall + (now - told.at));
    }
    times.sort((a, b) => b - a);
    return times[majority(this.#members.length) - 1] ?? -Infinity;
  }
}
