import { turn } from "../../support/wait.ts";
import type { Reachable } from "../../transports/support/server.ts";
import { count, type Tally } from "../tally.ts";
import type { StandIn } from "./stand_in.ts";

/**
 * Who attacks. `guest`: has a token. `stranger`: has nothing. `server`: answers at the address of a peer, without the
 * secret. `peer`: a client with the secret, which is broken.
 */
export type Who = "guest" | "stranger" | "server" | "peer";

/** What carries it. */
export type Over = "ws" | "http";

/** What an attack can use. */
export interface Field {
  /** The members; the first one is attacked most. */
  readonly members: readonly Reachable[];
  readonly victim: Reachable;
  /** The id of the cluster's present start. */
  readonly genesis: string;
  readonly standIn: StandIn;
  /** Whether the time for the attack is over, and when it is. */
  isOver(): boolean;
  readonly over: Promise<void>;
  /** The time for the attack, in milliseconds. */
  readonly time: number;
  /** Counts an answer. */
  answered(answer: string | number): void;
}

/** One row of the table. */
export interface Attack {
  readonly what: string;
  readonly who: Who;
  readonly over: Over;
  /** Attacks until the time is over, or once. Its errors are answers. */
  run(field: Field): Promise<void>;
}

/** A field whose time begins now. */
export function fieldFor(
  parts: Pick<Field, "members" | "genesis" | "standIn" | "time">,
  tally: Tally,
): Field {
  let isOver = false;
  const over = turn(parts.time).then(() => void (isOver = true));
  return {
    ...parts,
    victim: parts.members[0],
    isOver: () => isOver,
    over,
    answered: (answer) => count(tally, answer),
  };
}

/** Does it again and again, `width` at a time, until the time is over. */
export async function repeat(
  field: Field,
  width: number,
  once: (lane: number) => Promise<unknown>,
): Promise<void> {
  await Promise.all(Array.from({ length: width }, async (_, lane) => {
    while (!field.isOver()) {
      try {
        const answer = await once(lane);
        if (typeof answer === "string" || typeof answer === "number") field.answered(answer);
      } catch (error) {
        field.answered(error instanceof Error ? error.name : "error");
      }
      // The timer that ends the attack has to get its turn.
      await turn();
    }
  }));
}

/** `promise`, or `late` after `time` milliseconds. */
export async function orLate<T>(promise: Promise<T>, time: number): Promise<T | "late"> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<"late">((resolve) => timer = setTimeout(() => resolve("late"), time));
  try {
    return await Promise.race([promise, late]);
  } finally {
    clearTimeout(timer);
  }
}
