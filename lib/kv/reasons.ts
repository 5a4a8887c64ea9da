import type { Key } from "../codec.ts";
import type { Pid } from "../paxos/register.ts";
import { show } from "../show.ts";

/** The reason why a value bound to `pid` could not last. */
export function pidEnded({ session, seq }: Pick<Pid, "session" | "seq">): string {
  return `pid ${session}#${seq} has ended`;
}

/** The reason why a value with this time limit, in milliseconds since 1970, could not last. */
export function timePassed(until: number): string {
  return `until is in the past (${showTime(until)})`;
}

/** The reason why a value bound to this key could not last. */
export function keyAbsent(key: Key, bucket: string | undefined): string {
  const place = bucket === undefined ? "" : ` in bucket ${show(bucket)}`;
  return `key ${show(key)}${place} is absent`;
}

/** The reason why a value of this length, handed over to the node of `pid`, was not taken. */
export function notTaken(pid: Pick<Pid, "session" | "seq">, length: number): string {
  // The node of the process does not tell which; it may have a smaller `maxValueBytes`.
  return `${pidEnded(pid)}, or its node takes no value of ${length} bytes`;
}

/** Formats a time in milliseconds since 1970; a time that no `Date` can hold is printed as a number. */
function showTime(time: number): string {
  const date = new Date(time);
  return Number.isNaN(date.getTime()) ? String(time) : date.toISOString();
}
