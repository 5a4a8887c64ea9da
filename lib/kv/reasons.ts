import type { Pid } from "../paxos/register.ts";

/** The reason why a value bound to `pid` could not last. */
export function pidEnded({ session, seq }: Pick<Pid, "session" | "seq">): string {
  return `pid ${session}#${seq} has ended`;
}

/** The reason why a value with this time limit, in milliseconds since 1970, could not last. */
export function timePassed(until: number): string {
  return `until is in the past (${showTime(until)})`;
}

/** Formats a time in milliseconds since 1970; a time that no `Date` can hold is printed as a number. */
function showTime(time: number): string {
  const date = new Date(time);
  return Number.isNaN(date.getTime()) ? String(time) : date.toISOString();
}
