import { decodeValue, encodeValue, UnencodableError } from "../codec.ts";
import { SynodError } from "../errors.ts";
import { onAbort } from "../node/shell.ts";
import type { Life } from "../paxos/ballot.ts";
import { toFailure } from "./failure.ts";
import type { ReceivedCall } from "./inbox.ts";
import { STREAM_CALLS } from "./stream_calls.ts";

/** Streams of one instance, and of one caller among them; more are refused with `queue_full`. */
const MAX_STREAMS = 10_000;
const MAX_OF_CALLER = 1_000;

/** What streams need of their instance. */
export interface StreamsParts {
  /** Longest encoded item, in bytes. */
  readonly maxValueBytes: number;
  /** Whether the instance may still act at this instant. */
  readonly isOpen: () => boolean;
  /** The present time, in milliseconds. */
  readonly now: () => number;
  /** An error that has no caller to go to. */
  readonly failed: (error: unknown) => void;
  /** Runs code of the instance on behalf of the call that has opened a stream. */
  readonly runFor: <T>(opening: ReceivedCall, run: () => T) => T;
}

/** One stream, from the method's return to its end. */
interface Stream {
  readonly iterator: AsyncIterator<unknown>;
  /** The call that has opened it. */
  readonly opening: ReceivedCall;
  /** When its caller was heard of last. */
  heard: number;
  /** The question for the next item that has no answer yet. */
  pull: ReceivedCall | undefined;
  readonly stopListening: () => void;
}

/** The streams of one instance: results of methods whose items their callers ask for one after the other. */
export class Streams {
  readonly #parts: StreamsParts;
  readonly #streams = new Map<number, Stream>();
  /** How many streams each caller's life has. */
  readonly #callers = new Map<Life, number>();
  #last = 0;
  #hasEnded = false;
  /** Called when there is no stream. */
  #idle: () => void = () => {};

  /** Starts without streams. */
  constructor(parts: StreamsParts) {
    this.#parts = parts;
  }

  /** The number of streams that are open. */
  get size(): number {
    return this.#streams.size;
  }

  /** Resolves when no stream is open. */
  over(): Promise<void> {
    if (this.#streams.size === 0) return Promise.resolve();
    return new Promise((resolve) => this.#idle = resolve);
  }

  /** Answers `opening` with a new stream of the items of `iterable`. */
  open(opening: ReceivedCall, iterable: AsyncIterable<unknown>): void {
    const { reply, cancellation, life } = opening;
    const iterator = iterable[Symbol.asyncIterator]();
    const refusal = this.#refusal(opening);
    if (refusal !== undefined) {
      stop(iterator).catch(() => {});
      throw refusal;
    }
    const number = ++this.#last;
    const opened = () => reply({ type: "returned", value: encodeValue([null, number], 100) });
    if (this.#hasEnded) {
      // The method was executed, so this is no failure of the call: the first item ends as with all other streams.
      stop(iterator).catch(this.#parts.failed);
      return opened();
    }
    const stopListening = onAbort(cancellation.signal, () => this.#quit(number));
    const heard = this.#parts.now();
    this.#streams.set(number, { iterator, opening, heard, pull: undefined, stopListening });
    this.#callers.set(life, (this.#callers.get(life) ?? 0) + 1);
    opened();
  }

  #refusal({ call, cancellation, life }: ReceivedCall): SynodError | undefined {
    // Of a cast, or of a call that is not waited for any more, no item can be consumed.
    const isWanted = call.awaited && !cancellation.isCancelled;
    if (!isWanted) return new SynodError("closed", "The stream has ended");
    const ofCaller = this.#callers.get(life) ?? 0;
    if (this.#streams.size < MAX_STREAMS && ofCaller < MAX_OF_CALLER) return undefined;
    return new SynodError("queue_full", "Too many streams of one instance are open");
  }

  /** Takes a call that follows a stream. */
  call(received: ReceivedCall): void {
    const { call, reply } = received;
    received.begin();
    const number = numberOf(call.args);
    const stream = this.#streams.get(number);
    // Only the life that has opened a stream may follow it.
    if (stream === undefined || stream.opening.life !== received.life) {
      const isEnd = call.method === STREAM_CALLS.end;
      return reply(isEnd ? { type: "returned", value: END } : { type: "refused" });
    }
    stream.heard = this.#parts.now();
    switch (call.method) {
      case STREAM_CALLS.keep:
        return reply({ type: "returned", value: END });
      case STREAM_CALLS.end:
        void this.#stop(number).then(
          () => reply({ type: "returned", value: END }),
          (error) => reply({ type: "threw", failure: toFailure(error) }),
        );
        return;
      default:
        if (stream.pull !== undefined) return reply({ type: "busy" });
        stream.pull = received;
        void this.#next(number, stream, received);
    }
  }

  /** Stops the streams whose callers were not heard of for `time` milliseconds; those that wait are judged elsewhere. */
  stopSilent(time: number): void {
    const now = this.#parts.now();
    for (const [number, { heard, pull }] of this.#streams) {
      if (pull === undefined && now - heard >= time) this.#quit(number);
    }
  }

  /** Ends all streams; their callers are told that the instance has ended if `tells`. */
  end(tells: boolean): void {
    this.#hasEnded = true;
    const error = new SynodError("closed", "The instance has ended");
    for (const [number, { pull }] of this.#streams) {
      if (tells) pull?.reply({ type: "threw", failure: toFailure(error) });
      this.#quit(number);
    }
  }

  async #next(number: number, stream: Stream, pull: ReceivedCall): Promise<void> {
    const { isOpen, runFor, maxValueBytes } = this.#parts;
    const { iterator, opening } = stream;
    if (!isOpen() || pull.cancellation.isCancelled) {
      pull.reply({ type: "refused" });
      return this.#quit(number);
    }
    // A caller that does not wait for an item any more wants no other one.
    const stopListening = onAbort(pull.cancellation.signal, () => this.#quit(number));
    try {
      const { done, value } = await runFor(opening, () => iterator.next());
      if (done) {
        this.#drop(number);
        return pull.reply({ type: "returned", value: END });
      }
      const item = encodeItem(value, opening.call.method, maxValueBytes);
      stream.pull = undefined;
      stream.heard = this.#parts.now();
      pull.reply({ type: "returned", value: item });
    } catch (error) {
      this.#quit(number);
      pull.reply({ type: "threw", failure: toFailure(error) });
    } finally {
      stopListening();
    }
  }

  /** Ends a stream: its method's signal aborts, and its generator is told to return. */
  async #stop(number: number): Promise<void> {
    const stream = this.#drop(number);
    if (stream === undefined) return;
    stream.opening.cancellation.cancel();
    await stop(stream.iterator);
  }

  /** As `#stop`, where the error of a generator that ends has no caller to go to. */
  #quit(number: number): void {
    this.#stop(number).catch(this.#parts.failed);
  }

  #drop(number: number): Stream | undefined {
    const stream = this.#streams.get(number);
    if (stream === undefined) return undefined;
    this.#streams.delete(number);
    stream.stopListening();
    const { life } = stream.opening;
    const left = (this.#callers.get(life) ?? 0) - 1;
    if (left > 0) this.#callers.set(life, left);
    else this.#callers.delete(life);
    if (this.#streams.size === 0) this.#idle();
    return stream;
  }
}

/** The answer after the last item. */
const END = encodeValue([], 100);

async function stop(iterator: AsyncIterator<unknown>): Promise<void> {
  await iterator.return?.();
}

/** The number of a stream in encoded arguments; -1 if there is none. */
function numberOf(args: Uint8Array): number {
  try {
    const list = decodeValue(args);
    return Array.isArray(list) && typeof list[0] === "number" ? list[0] : -1;
  } catch {
    return -1;
  }
}

function encodeItem(value: unknown, method: string, maxBytes: number): Uint8Array {
  try {
    return encodeValue([value], maxBytes);
  } catch (error) {
    if (!(error instanceof UnencodableError)) throw error;
    throw new TypeError(`${method}() yielded a value that cannot be sent: ${error.message}`);
  }
}
