import { decodeKey, encodeKey, type Key } from "../codec/key.ts";
import { decodeValue, encodeValue } from "../codec/value.ts";
import { show } from "../show.ts";
import type { Explanation } from "./explanation.ts";

/** What is said of a lock without owners. */
export const NOTHING: Omit<Explanation, "key" | "at" | "state" | "reason" | "text"> =
  /* @__PURE__ */ Object.freeze({
    holders: [],
    waiters: [],
    waiting: 0,
    freedBy: null,
    latest: null,
    deadlock: null,
  });

/** That nothing is known of a lock; `reason` says why. */
export function unknownLock(key: Key, at: number, reason: string): Explanation {
  const text = `The lock ${show(key)}: not known. ${reason}.`;
  return { key, at, state: "unknown", reason, ...NOTHING, text };
}

/** An explanation as bytes, for a guest. Keys may be what no value can be, so they travel as ids do. */
export function encodeExplanation(explanation: Explanation): Uint8Array {
  return encodeValue(withKeys(explanation, (key) => encodeKey(key)), Infinity);
}

/** Throws if the bytes are none. */
export function decodeExplanation(bytes: Uint8Array): Explanation {
  return withKeys(decodeValue(bytes) as Explanation, (key) => decodeKey(key as string));
}

function withKeys(explanation: Explanation, map: (key: Key) => Key): Explanation {
  const { key, holders, deadlock } = explanation;
  return {
    ...explanation,
    key: map(key),
    holders: holders.map((holder) => ({ ...holder, waitsFor: holder.waitsFor.map(map) })),
    deadlock: deadlock && {
      ...deadlock,
      cycle: deadlock.cycle.map((step) => ({ ...step, key: map(step.key) })),
    },
  };
}
