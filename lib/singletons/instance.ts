import { decodeValue, encodeValue, UnencodableError } from "../codec.ts";
import type { Pid } from "../paxos/register.ts";
import { sendable, toFailure } from "./failure.ts";
import type { CallRequest, ReceivedCall } from "./inbox.ts";
import { isCallable } from "./remote.ts";
import { type CallsUnderWay, MAX_TOLD, MAX_TOLD_METHOD } from "./singleton_messages.ts";
import { isAsyncIterable, isStreamCall } from "./stream_calls.ts";
import { Streams } from "./streams.ts";

/** Calls that wait for one instance; more are refused as `busy`. */
const MAX_WAITING = 10_000;

/** A call on whose behalf an instance acts. */
export interface RunningCall extends ReceivedCall {
  /** Whether it has returned a stream, and the next item is made. */
  readonly isStream?: boolean;
}

/** What an instance needs of its host. */
export interface InstanceParts {
  readonly pid: Pid;
  readonly token: number;
  readonly concurrent: boolean;
  /** Longest encoded result, in bytes. */
  readonly maxValueBytes: number;
  /** Whether the instance may still act at this instant. */
  readonly isOpen: () => boolean;
  /** The present time, in milliseconds. */
  readonly now: () => number;
  /** An error that has no caller to go to. */
  readonly failed: (error: unknown) => void;
}

/**
 * One running singleton and the calls that wait for it. Runs one call at a time, unless calls may overlap.
 */
export class Instance {
  readonly pid: Pid;
  readonly token: number;
  readonly #parts: InstanceParts;
  readonly #waiting: ReceivedCall[] = [];
  #instance: { readonly value: unknown } | undefined;
  /** The calls that have begun and are not over. */
  readonly #running = new Set<ReceivedCall>();
  /** The call whose method runs in this turn, up to its first `await`. */
  #turn: RunningCall | undefined;
  /** Whether calls that have not begun wait for the end of the instance. */
  #isHeld = false;
  #hasEnded = false;
  /** Called when no call runs. */
  #idle: () => void = () => {};
  readonly #streams: Streams;

  /** Takes calls from now on, and runs them after `begin`. */
  constructor(parts: InstanceParts) {
    this.pid = parts.pid;
    this.token = parts.token;
    this.#parts = parts;
    this.#streams = new Streams({
      ...parts,
      runFor: (opening, run) => this.#inTurnOf({ ...opening, isStream: true }, run),
    });
  }

  /** The number of streams that its callers follow. */
  get streams(): number {
    return this.#streams.size;
  }

  /** Stops the streams whose callers were not heard of for `time` milliseconds. */
  stopSilent(time: number): void {
    this.#streams.stopSilent(time);
  }

  /** Runs calls from now on; `value` is the result of its start. */
  begin(value: unknown): void {
    this.#instance = { value };
    this.#next();
  }

  /** Fails the calls that wait, because the start failed with `error`. */
  fail(error: unknown): void {
    const failed = { type: "failed", byHost: false, failure: toFailure(error) } as const;
    for (const { reply } of this.#waiting.splice(0)) reply(failed);
  }

  /**
   * The call on whose behalf the instance acts now; `undefined` if that cannot be told because calls overlap.
   */
  get current(): RunningCall | undefined {
    if (this.#turn !== undefined || this.#running.size !== 1) return this.#turn;
    const [only] = this.#running;
    return only;
  }

  /** The calls that have begun, and the number of those that wait, for people. */
  get underWay(): CallsUnderWay {
    const running: { method: string; from: string }[] = [];
    for (const { call: { method }, node: from } of this.#running) {
      if (running.length === MAX_TOLD) break;
      running.push({ method: sendable(method.slice(0, MAX_TOLD_METHOD)), from });
    }
    const { token } = this;
    return { token, begun: this.#running.size, waiting: this.#waiting.length, running };
  }

  /** Begins no more calls; resolves when those that have begun, and the streams, are over. */
  async hold(): Promise<void> {
    this.#isHeld = true;
    if (this.#running.size > 0) await new Promise<void>((resolve) => this.#idle = resolve);
    await this.#streams.over();
  }

  /** Ends the streams. Their callers are told so, unless the host has lost its session (`isLost`). */
  endStreams(isLost: boolean): void {
    this.#streams.end(!isLost);
  }

  /** Refuses the calls that wait, and those that come: they have not begun, and may be repeated elsewhere. */
  end(): void {
    this.#hasEnded = true;
    for (const { reply } of this.#waiting.splice(0)) reply({ type: "refused" });
  }

  /** Takes a call. */
  call(received: ReceivedCall): void {
    if (this.#hasEnded) return received.reply({ type: "refused" });
    // A stream does not wait for calls, nor do calls for a stream.
    if (isStreamCall(received.call.method)) return this.#streams.call(received);
    if (this.#waiting.length >= MAX_WAITING) return received.reply({ type: "busy" });
    this.#waiting.push(received);
    this.#next();
  }

  #next(): void {
    if (this.#instance === undefined || this.#isHeld) return;
    while (this.#waiting.length > 0 && (this.#parts.concurrent || this.#running.size === 0)) {
      const received = this.#waiting.shift()!;
      // Checked at the start of each call: one that was accepted may have waited past the deadline.
      if (!this.#parts.isOpen()) {
        received.reply({ type: "refused" });
        continue;
      }
      if (received.cancellation.isCancelled) {
        received.reply({ type: "refused" });
        continue;
      }
      this.#running.add(received);
      received.begin();
      void this.#run(this.#instance.value, received);
    }
  }

  async #run(instance: unknown, received: ReceivedCall): Promise<void> {
    const { call, reply } = received;
    try {
      const method = methodOf(instance, call.method);
      const args = decodeValue(call.args);
      if (!Array.isArray(args)) throw new TypeError("The arguments of a call must be a list");
      const value = await this.#inTurnOf(received, () => method.apply(instance, args));
      if (isAsyncIterable(value)) this.#streams.open(received, value);
      else reply({ type: "returned", value: encodeResult(value, call, this.#parts.maxValueBytes) });
    } catch (error) {
      reply({ type: "threw", failure: toFailure(error) });
    } finally {
      this.#running.delete(received);
      if (this.#running.size === 0) this.#idle();
      this.#next();
    }
  }

  /** Runs code of the instance on behalf of a call, which is known up to the first `await`. */
  #inTurnOf<T>(received: RunningCall, run: () => T): T {
    const before = this.#turn;
    this.#turn = received;
    try {
      return run();
    } finally {
      this.#turn = before;
    }
  }
}

/** Wraps the result in a list, since `undefined` cannot be encoded on its own. */
function encodeResult(value: unknown, call: CallRequest, maxBytes: number): Uint8Array {
  try {
    return encodeValue([value], maxBytes);
  } catch (error) {
    if (!(error instanceof UnencodableError)) throw error;
    throw new TypeError(`${call.method}() returned a value that cannot be sent: ${error.message}`);
  }
}

/** Finds an own or inherited method of the instance, except those that every object has. */
// deno-lint-ignore ban-types -- any function at all
function methodOf(instance: unknown, name: string): Function {
  let object: unknown = instance;
  const universal: unknown[] = [Object.prototype, Function.prototype];
  while (isCallable(name) && isObject(object) && !universal.includes(object)) {
    const property = Object.getOwnPropertyDescriptor(object, name);
    if (typeof property?.value === "function") return property.value;
    if (property !== undefined) break;
    object = Object.getPrototypeOf(object);
  }
  throw new TypeError(`The instance has no method ${JSON.stringify(name)}`);
}

function isObject(value: unknown): value is object {
  return (typeof value === "object" && value !== null) || typeof value === "function";
}
