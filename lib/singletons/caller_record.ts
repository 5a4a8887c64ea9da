import type { Life } from "../paxos/ballot.ts";
import type { NumberMap } from "../paxos/number_map.ts";
import type { Cancellation } from "./cancellation.ts";
import type { SingletonReply, SingletonRequest } from "./singleton_messages.ts";

/** An attempt that has arrived at its host. */
export interface ReceivedAttempt {
  /** The call; `undefined` once it was handed on. */
  call: (SingletonRequest & { readonly type: "call" }) | undefined;
  tell: (answer: SingletonReply) => void;
  answer: SingletonReply | undefined;
  /** Whether its method has begun. */
  begun: boolean;
  /** Whether the caller no longer waits for the answer. */
  unwanted: boolean;
  /** Whether the caller asks again until it has the answer. */
  readonly awaited: boolean;
  /** When it was asked for last. */
  heard: number;
  /** Who asked for it last: for a guest its gateway. */
  via: Asker;
  readonly cancellation: Cancellation;
}

/** One life of a node that asks for attempts. */
export interface Asker {
  readonly node: string;
  readonly life: Life;
}

/** What a host remembers of one life of a caller. */
export interface CallerRecord {
  readonly node: string;
  /** See {@linkcode SingletonRequest}. */
  readonly birth: number;
  /** When the caller was heard of last. */
  heard: number;
  /** The caller no longer waits for attempts up to and including this number. */
  done: number;
  /** All attempts up to and including this number were handed on, were busy, or are over for the caller. */
  handed: number;
  /** The attempts above `done` that have arrived and whose answer the caller may not have yet. */
  readonly attempts: NumberMap<ReceivedAttempt>;
  /** The number of `attempts` without an answer. */
  open: number;
  /** The attempts above `done` that were refused as busy; they are never handed on. */
  readonly busy: NumberMap<true>;
  /** The numbers of `attempts` and `busy` in ascending order, and some that have left both. */
  numbers: number[];
  /** Below this number the caller has told which attempts it still waits for. */
  told: number;
  /** The attempts that the caller still waits for, according to all that it has told, in ascending order. */
  waitedFor: readonly number[];
}
