import type { SingletonReply } from "../../../lib/singletons/singleton_messages.ts";
import { type CallRequest, Inbox, type ReceivedCall } from "../../../lib/singletons/inbox.ts";
import { callOf } from "./calls.ts";

/** Time for which silent callers are remembered, in milliseconds. */
export const KEPT_FOR = 5_000;

/** Two lives of callers. */
export const LIFE = "-P70F6sqFhqk35ea00oA";
export const OTHER_LIFE = "-P70F6sqFhqk35ea00oB";

/**
 * The fields of a message besides its number; by default the sender waits for all attempts between `done` and
 * it.
 */
type Said =
  & Partial<Pick<CallRequest, "birth" | "done" | "open" | "full">>
  & { life?: string; node?: string };

/** An inbox, with a record of the attempts that it handed on and of its answers. */
export class Script {
  /** The numbers in the order in which they were handed on. */
  readonly handed: number[] = [];
  /** `number: answer`, in the order in which they were sent. */
  readonly told: string[] = [];
  readonly inbox: Inbox;
  /** The present time, in milliseconds. */
  time = 0;
  readonly #received = new Map<number, ReceivedCall>();

  /** `react` answers at once what is handed on; by default nothing is answered before `answer`. */
  constructor(react?: (call: CallRequest) => SingletonReply | undefined) {
    this.inbox = inboxOf((received) => {
      const { call } = received;
      this.handed.push(call.sequence);
      this.#received.set(call.sequence, received);
      const answer = react?.(call);
      if (answer !== undefined) received.reply(answer);
    }, () => this.time);
  }

  /** An attempt with this number arrives. */
  arrive(sequence: number, { life = LIFE, node = "w1", done = 0, ...said }: Said = {}): this {
    const open = said.open ?? between(done, sequence);
    const call = callOf("inc", [sequence], { sequence, done, ...said, open });
    const tell = (answer: SingletonReply) => void this.told.push(`${sequence}: ${answer.type}`);
    this.inbox.receive(node, life, call, tell);
    return this;
  }

  /** The method of the attempt with this number begins. */
  begin(sequence: number): this {
    this.#received.get(sequence)!.begin();
    return this;
  }

  /** The method of the attempt with this number has returned. */
  answer(sequence: number, answer: SingletonReply = REFUSED): this {
    this.#received.get(sequence)!.reply(answer);
    return this;
  }
}

/** An inbox that remembers silent callers for five seconds. */
export function inboxOf(handle: (received: ReceivedCall) => void, now: () => number): Inbox {
  return new Inbox({ handle, now, keptFor: () => KEPT_FOR });
}

/** The whole numbers above `low` and below `high`. */
function between(low: number, high: number): number[] {
  return Array.from({ length: Math.max(0, high - low - 1) }, (_, index) => low + 1 + index);
}

/** The answer to an attempt that never ran. */
export const REFUSED: SingletonReply = { type: "refused" };

/** An answer with a value of this size in bytes. */
export function returned(bytes: number): SingletonReply {
  return { type: "returned", value: new Uint8Array(bytes) };
}
