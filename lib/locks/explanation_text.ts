import type { Key } from "../codec/key.ts";
import { show } from "../show.ts";
import type { Deadlock, Explanation, LockParty } from "./explanation.ts";

/** Waiting requests that the text names; the rest is counted. */
const MOST_NAMED = 5;

/** An explanation of a lock that is known, as one text. */
export function textOf(explained: Omit<Explanation, "text">): string {
  const { key, at, state, holders, waiters, waiting, freedBy, latest } = explained;
  const name = `The lock ${show(key)}`;
  if (state === "free") return `${name} is free.`;
  const owners = holders.map((holder) =>
    `${party(holder, at)}, ${modeOf(holder)}, token ${holder.token}`
  );
  const lines = [`${name} is held by ${owners.join("; ")}.`];
  for (const { node, waitsFor } of holders) {
    if (waitsFor.length === 0) continue;
    lines.push(`That process of ${node} waits for ${waitsFor.map(show).join(", ")}.`);
  }
  if (waiting === 0) lines.push("No request waits.");
  else {
    const named = waiters.slice(0, MOST_NAMED).map((waiter, index) =>
      `${index + 1}. ${party(waiter, at)}`
    );
    const more = waiting > named.length ? ` and ${waiting - named.length} more` : "";
    const many = waiting === 1 ? "One request waits" : `${waiting} requests wait`;
    lines.push(`${many}: ${named.join(", ")}${more}.`);
  }
  if (explained.deadlock !== null) lines.push(cycleText(explained.deadlock));
  if (freedBy !== null) lines.push(`${freedBy}.`);
  if (latest !== null) {
    const wait = ((latest - at) / 1_000).toFixed(1);
    lines.push(`If its owner's node is gone, others can have it ${wait} s from now at the latest.`);
  }
  return lines.join(" ");
}

function party({ node, pid, since, label }: LockParty, at: number): string {
  const called = label === null ? "" : ` (${show(label)})`;
  const age = since === null ? "" : `, asked ${((at - since) / 1_000).toFixed(1)} s ago`;
  return `${node}, process ${pid.seq}${called}${age}`;
}

function modeOf({ mode, permits }: LockParty): string {
  return permits === null ? mode : `one of ${permits} permits`;
}

function cycleText({ certain, cycle }: Deadlock): string {
  const steps = cycle.map(({ key, owner }, index) => {
    const next: Key = cycle[(index + 1) % cycle.length].key;
    return `${owner.node} holds ${show(key)} and waits for ${show(next)}`;
  });
  return certain
    ? `DEADLOCK: ${steps.join("; ")}. None of them will go on.`
    : `Possibly a DEADLOCK: ${steps.join("; ")} (if the same task of the program asked for both).`;
}
