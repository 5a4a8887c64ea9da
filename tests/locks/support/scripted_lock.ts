import { assertEquals } from "@std/assert";
import {
  applyCommand,
  FREE,
  type LockCommand,
  type LockEntry,
  type LockMode,
  type LockResult,
  type LockValue,
} from "../../../lib/paxos/lock_register.ts";

/**
 * Runs a script of orders against a lock, and compares each outcome with the one in the script.
 * Each line is one order, alone in its round:
 *
 *     1  request a1          -> granted 1   a1@1
 *     2  request b1 shared   -> queued      a1@1, then b1~
 *     3  release a1          -> done        b1~@3
 *
 * A line starts with the token of the round. `a1` is request 1 of session a, `~` marks a shared one, `/3` one with three
 * permits, and what follows `then` is the queue. A line `-  a ends` means that session a has ended.
 */
export function play(script: string, before: LockValue = FREE): LockValue {
  const lines = script.split("\n").map((line) => line.trim()).filter((line) => line !== "");
  const ended = new Set<string>();
  let value = before;
  const played = lines.map((line) => {
    const [token, ...order] = line.split("->")[0].trim().split(/ +/);
    if (token === "-") {
      ended.add(order[0]);
      return `- ${order.join(" ")}`;
    }
    const outcome = applyCommand(value, parseOrder(order), Number(token), (id) => ended.has(id));
    value = outcome.value;
    return `${token} ${order.join(" ")} -> ${showResult(outcome.result)} ${showLock(value)}`;
  });
  assertEquals(played, lines.map((line) => line.replaceAll(/ +/g, " ")));
  return value;
}

/** `request a1 shared`, `request a1 /3`, `request a1 ifAvailable`, `steal a1`, `steal a1 again`, `release a1`, `tidy`. */
export function parseOrder([verb, name, ...options]: readonly string[]): LockCommand {
  const is = (option: string) => options.includes(option);
  switch (verb) {
    case "request":
    case "steal":
      return {
        type: "request",
        entry: wanted(name, options),
        ifAvailable: is("ifAvailable"),
        steal: verb === "steal",
        sent: is("again"),
      };
    case "release": {
      const { pid, request } = entryOf(name);
      return { type: "release", session: pid.session, request };
    }
    case "tidy":
      return { type: "tidy" };
    default:
      throw new Error(`no order begins with "${verb}"`);
  }
}

/** An entry of this name, shared or with permits as the options say. */
function wanted(name: string, options: readonly string[]): LockEntry {
  const permits = options.find((option) => option.startsWith("/"));
  const isShared = options.includes("shared") || permits !== undefined;
  const entry = entryOf(name, isShared ? "shared" : "exclusive");
  return permits === undefined ? entry : { ...entry, permits: Number(permits.slice(1)) };
}

/** An entry by its name in scripts. */
export function entryOf(name: string, mode: LockMode = "exclusive", token = 0): LockEntry {
  const request = Number(name.slice(1));
  return { pid: { node: name[0], session: name[0], seq: request }, request, mode, token };
}

/** The result as text: `granted 1`, or its kind alone. */
export function showResult(result: LockResult): string {
  return result.kind === "granted" ? `granted ${result.token}` : result.kind;
}

/** The lock as text: `a1@1 b1~@2, then c1`, or `free`. */
export function showLock({ holders, queue }: LockValue): string {
  const waiting = queue.map(showName).join(" ");
  const held = holders.map((entry) => `${showName(entry)}@${entry.token}`).join(" ");
  if (waiting === "") return held === "" ? "free" : held;
  return `${held === "" ? "free" : held}, then ${waiting}`;
}

function showName({ pid, request, mode, permits }: LockEntry): string {
  const kind = permits !== undefined ? `/${permits}` : mode === "shared" ? "~" : "";
  return `${pid.session}${request}${kind}`;
}
