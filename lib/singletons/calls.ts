import { decodeValue } from "../codec/value.ts";
import type { Limits, NodeShell } from "../node/shell.ts";
import { SynodError } from "../errors.ts";
import { show } from "../show.ts";
import { type Chain, MAX_CHAIN } from "./singleton_messages.ts";
import { fromFailure } from "./failure.ts";
import type { InstanceFinder } from "./singleton_calls.ts";
import { CallQueues, type QueuedCall } from "./call_queues.ts";
import type { AttemptOutcome, CallAttempt } from "./outbound.ts";
import type { InstanceLocation, InstanceLocations } from "./instance_locations.ts";
import type { RegisterId } from "../paxos/register.ts";
import type { Target } from "./remote.ts";
import { RemoteStream } from "./remote_stream.ts";

/** One call, independent of the instance that takes it. */
export interface MethodCall {
  readonly target: Target;
  readonly method: string;
  /** Encoded arguments. */
  readonly args: Uint8Array;
  readonly chain: Chain;
}

/** Makes attempts at calls: the caller's side. */
export interface Attempts {
  /** Makes one attempt, numbered in the same turn; it is executed at most once. */
  call(attempt: CallAttempt, limits: Limits): Promise<AttemptOutcome>;
  /** Sends a call once without waiting for an answer. */
  cast(attempt: CallAttempt): void;
  /**
   * Whether calls to an instance of `register` may still be refused; with `token`, calls to the instance with
   * that token do not count.
   */
  isUnsure(register: RegisterId, token?: number): boolean;
  /** Resolves when no call of `register` made so far can be refused any more. */
  settled(register: RegisterId): Promise<void>;
}

/** What {@linkcode Calls} needs of its node. */
export interface CallsParts {
  readonly shell: NodeShell;
  readonly finder: Pick<InstanceFinder, "findOrStart">;
  readonly outbound: Attempts;
  readonly locations: InstanceLocations;
  /** Default time limit of a call, in milliseconds. */
  readonly callTimeout: number;
}

/**
 * Makes the calls of this node. Each call goes to the instance of its target, which is found or started
 * first.
 */
export class Calls {
  readonly #parts: CallsParts;
  readonly #queues = new CallQueues();
  #last = 0;

  /** Starts without calls. */
  constructor(parts: CallsParts) {
    this.#parts = parts;
  }

  /**
   * Repeats a refused call until an instance has taken it; throws `outcome_unknown` if it cannot be known
   * whether one has.
   */
  async call(call: MethodCall, limits: Limits): Promise<unknown> {
    const { target: { register, key }, method } = call;
    checkChain(call);
    const order = ++this.#last;
    for (let refusals = 0;;) {
      const { location, outcome } = await this.#attempt(call, order, refusals, limits);
      switch (outcome.type) {
        case "returned":
          return this.#returned(call, location, outcome.value, limits);
        case "threw":
          throw fromFailure(outcome.failure);
        case "failed":
          this.#parts.locations.delete(register, location.token);
          throw fromFailure(outcome.failure);
        case "busy":
          throw new SynodError("queue_full", `Too many calls wait for ${show(key)}`);
        case "refused":
          // The call has not begun, so it is safe to try again, here or at another instance, within the
          // limits.
          this.#parts.locations.delete(register, location.token);
          refusals++;
          continue;
        default:
          this.#parts.locations.delete(register, location.token);
          throw new SynodError(
            "outcome_unknown",
            `Node ${location.pid.node} vanished while ${show(key)} ran ${method}()`,
          );
      }
    }
  }

  /** What a method has returned: a list of one value, or null and the number of a stream. */
  #returned(
    { target: { register }, method }: MethodCall,
    location: InstanceLocation,
    bytes: Uint8Array,
    { signal }: Limits,
  ): unknown {
    const [value, ...stream] = decodeValue(bytes) as unknown[];
    if (stream.length === 0) return value;
    const { shell, outbound: attempts, callTimeout: timeout } = this.#parts;
    const call = { ...location, register, method };
    return new RemoteStream({
      ...{ shell, attempts, call, signal, timeout },
      number: Number(stream[0]),
    });
  }

  /** Sends a call once without waiting for an answer; it may be lost. */
  cast(call: MethodCall): void {
    if (this.#queues.waiting >= MAX_WAITING_CASTS) return;
    const { target: { register }, method, args, chain } = call;
    this.#locate(call, ++this.#last, 0, {
      go: (location) => this.#parts.outbound.cast({ ...location, register, method, args, chain }),
      // Casts may be lost.
      fail: () => {},
    });
  }

  /**
   * Makes one attempt as soon as the location of the instance is known, and not before calls that were made
   * earlier.
   */
  async #attempt(
    call: MethodCall,
    order: number,
    refusals: number,
    limits: Limits,
  ): Promise<{ location: InstanceLocation; outcome: AttemptOutcome }> {
    const { shell, outbound } = this.#parts;
    const { target: { register }, method, args, chain } = call;
    const sent = shell.operation<{ location: InstanceLocation; outcome: Promise<AttemptOutcome> }>(
      limits,
    );
    // An operation that has ended already must not start an instance.
    if (!sent.ended) {
      const leave = this.#locate(call, order, refusals, {
        go: (location) => {
          if (sent.ended) return;
          const outcome = outbound.call({ ...location, register, method, args, chain }, limits);
          // Awaited below, unless the call has just ended: then a rejection must not be unhandled.
          outcome.catch(() => {});
          sent.resolve({ location, outcome });
        },
        fail: (error) => sent.reject(error),
      });
      // A search may take as long as a start; a call that ends meanwhile must not wait for it.
      sent.onEnd(leave);
    }
    const { location, outcome } = await sent.promise;
    return { location, outcome: await outcome };
  }

  /**
   * Passes the location of the instance to `go`: at once if the location is known, no call waits for it, and no
   * call to an earlier instance can still be refused. Returns a function that stops the waiting.
   */
  #locate(
    { target, chain }: MethodCall,
    order: number,
    refusals: number,
    { go, fail }: Omit<QueuedCall, "order">,
  ): () => void {
    const { shell, outbound, locations, finder } = this.#parts;
    const { register } = target;
    const known = locations.get(register);
    const isSure = known !== undefined && !outbound.isUnsure(register, known.token);
    if (isSure && this.#queues.isEmpty(register)) {
      go(known);
      return () => {};
    }
    return this.#queues.join(register, { order, go, fail }, async () => {
      // The node of the previous instance needs a moment to free the key.
      const wait = Math.min(LONGEST_SEARCH_WAIT, SEARCH_WAIT * 2 ** refusals);
      await shell.pause(known === undefined ? wait : 0);
      // Calls that can still be refused were made earlier: they have to be repeated before all others.
      if (outbound.isUnsure(register)) {
        await outbound.settled(register);
        await shell.pause(0);
      }
      return await finder.findOrStart(target, chain, () => this.#queues.isAwaited(register));
    });
  }
}

/** Calls and casts that wait for a location, above which further casts are dropped; bounds memory. */
const MAX_WAITING_CASTS = 10_000;

/** Delay before the search for an instance, in milliseconds; requests made meanwhile are sent together. */
const SEARCH_WAIT = 1;

/**
 * Longest delay before a search, after repeated refusals, in milliseconds: an instance may take time to stop.
 */
const LONGEST_SEARCH_WAIT = 50;

/** Throws `deadlock` for a call that would wait for itself, and `queue_full` for a chain that is too long. */
function checkChain({ target: { register, key }, method, chain }: MethodCall): void {
  if (chain.includes(register)) {
    throw new SynodError(
      "deadlock",
      `${show(key)} already waits for this chain of calls: ${method}() would never begin`,
    );
  }
  if (chain.length >= MAX_CHAIN) {
    throw new SynodError("queue_full", `${MAX_CHAIN} singletons wait for one another already`);
  }
}
