import { run } from "../../tasks/process.ts";

/** Share of all cores that other programs may use before the figures are doubtful. */
export const NOISE = 0.05;

/** Milliseconds for which the machine is watched. */
const WATCHED = 1_000;

/**
 * The share of all cores that is in use at the moment, from 0 to 1, while this program waits; `null` where the system
 * does not tell it (it does in Linux).
 */
export async function busyShare(): Promise<number | null> {
  const before = await read();
  await new Promise((resolve) => setTimeout(resolve, WATCHED));
  const after = await read();
  if (before === null || after === null) return null;
  const total = after.total - before.total;
  return total === 0 ? null : 1 - (after.idle - before.idle) / total;
}

/** The line `cpu` of /proc/stat: user, nice, system, idle, iowait and more, in ticks. */
async function read(): Promise<{ total: number; idle: number } | null> {
  try {
    // By a program: Deno gives no access to this folder without all permissions.
    return readTicks((await run("cat", ["/proc/stat"])).output);
  } catch {
    return null;
  }
}

/** The ticks in the text of /proc/stat: of all cores, in all and idle; `null` if it is no such text. */
export function readTicks(text: string): { total: number; idle: number } | null {
  const line = text.split("\n").find((line) => line.startsWith("cpu "));
  const ticks = line?.trim().split(/\s+/).slice(1).map(Number);
  if (ticks === undefined || ticks.length < 5 || ticks.some((tick) => !(tick >= 0))) return null;
  // The last two, of guests, are in the first two already.
  const total = ticks.slice(0, 8).reduce((sum, tick) => sum + tick, 0);
  return { total, idle: ticks[3] + ticks[4] };
}
