import { decodeValue } from "../codec.ts";
import { SynodError } from "../errors.ts";
import type { Core } from "../node/core.ts";
import type { Limits } from "../node/runtime/operation.ts";
import { show } from "../node/runtime/show.ts";
import { type Chain, MAX_CHAIN } from "./bodies.ts";
import { fromFailure } from "./failure.ts";
import type { Finder } from "./finder.ts";
import { Lines, type Waiting } from "./lines.ts";
import type { Outbound, Outcome } from "./outbound.ts";
import type { Place, Places } from "./places.ts";
import type { Target } from "./remote.ts";

/** One call, as it is made, whatever instance takes it. */
export interface Call {
  readonly target: Target;
  readonly method: string;
  /** Encoded arguments. */
  readonly args: Uint8Array;
  readonly chain: Chain;
}

/** What calls are made with. */
export interface CallsParts {
  readonly core: Core;
  readonly finder: Finder;
  readonly outbound: Outbound;
  readonly places: Places;
}

/** The calls of this node: each goes to the instance of its target, wherever that runs or is started. */
export class Calls {
  readonly #parts: CallsParts;
  readonly #lines = new Lines();
  #last = 0;

  /** Has called nothing yet. */
  constructor(parts: CallsParts) {
    this.#parts = parts;
  }

  /** How many calls and casts wait until it is known where their instance runs. */
  get waiting(): number {
    return this.#lines.waiting;
  }

  /** Calls until an instance has taken it, or it is known that nobody can know whether one has. */
  async call(call: Call, limits: Limits): Promise<unknown> {
    const { target: { register, key }, method } = call;
    checkChain(call);
    const order = ++this.#last;
    for (let refusals = 0;;) {
      const { place, outcome } = await this.#attempt(call, order, refusals, limits);
      switch (outcome.type) {
        case "returned":
          return (decodeValue(outcome.value) as unknown[])[0];
        case "threw":
          throw fromFailure(outcome.failure);
        case "failed":
          this.#parts.places.delete(register, place.token);
          throw fromFailure(outcome.failure);
        case "busy":
          throw new SynodError("queue_full", `Too many calls wait for ${show(key)}`);
        case "refused":
          // It never started: another instance, or another try, may do, while there is time.
          this.#parts.places.delete(register, place.token);
          refusals++;
          continue;
        default:
          this.#parts.places.delete(register, place.token);
          throw new SynodError(
            "outcome_unknown",
            `Node ${place.pid.node} vanished while ${show(key)} ran ${method}()`,
          );
      }
    }
  }

  /** Calls once, and waits for nothing: it may be lost. */
  cast(call: Call): void {
    if (this.#lines.waiting >= MAX_WAITING_CASTS) return;
    const { target: { register }, method, args, chain } = call;
    this.#placed(call, ++this.#last, 0, {
      go: (place) => this.#parts.outbound.cast({ ...place, register, method, args, chain }),
      // Casts may be lost.
      fail: () => {},
    });
  }

  /** One attempt, as soon as it is known where the instance runs, and not before those made earlier. */
  async #attempt(
    call: Call,
    order: number,
    refusals: number,
    limits: Limits,
  ): Promise<{ place: Place; outcome: Outcome }> {
    const { core, outbound } = this.#parts;
    const { target: { register }, method, args, chain } = call;
    const sent = core.engine.operation<{ place: Place; outcome: Promise<Outcome> }>(limits);
    // What is over before it has begun starts no instance.
    if (!sent.ended) {
      const leave = this.#placed(call, order, refusals, {
        go: (place) => {
          if (sent.ended) return;
          const outcome = outbound.call({ ...place, register, method, args, chain }, limits);
          // It is looked at below, unless the call has just ended.
          outcome.catch(() => {});
          sent.resolve({ place, outcome });
        },
        fail: (error) => sent.reject(error),
      });
      // A search may take as long as a start does: what is over meanwhile does not wait for it.
      sent.onEnd(leave);
    }
    const { place, outcome } = await sent.promise;
    return { place, outcome: await outcome };
  }

  /**
   * Goes on with the place of an instance: at once, if it is known and nobody waits for it. Returns what
   * stops the waiting.
   */
  #placed(
    { target, chain }: Call,
    order: number,
    refusals: number,
    { go, fail }: Omit<Waiting, "order">,
  ): () => void {
    const { core, outbound, places, finder } = this.#parts;
    const { register } = target;
    const known = places.get(register);
    const isSure = known !== undefined && !outbound.isUnsure(register, known.token);
    if (isSure && this.#lines.isEmpty(register)) {
      go(known);
      return () => {};
    }
    return this.#lines.join(register, { order, go, fail }, async () => {
      // The node that ended the instance before needs a moment to free its key.
      const wait = Math.min(LONGEST_SEARCH_WAIT, SEARCH_WAIT * 2 ** refusals);
      await core.pause(known === undefined ? wait : 0);
      // What may be refused yet was called before, and has to be called again before all others.
      if (outbound.isUnsure(register)) {
        await outbound.settled(register);
        await core.pause(0);
      }
      return await finder.insist(target, chain, () => this.#lines.isAwaited(register));
    });
  }
}

/** Casts that may wait until it is known where their instance runs, together with calls. */
const MAX_WAITING_CASTS = 10_000;

/** Before an instance is looked for, in milliseconds: what is asked for meanwhile is asked for together. */
const SEARCH_WAIT = 1;

/** The same after many refusals, in milliseconds: an instance that stops may take its time. */
const LONGEST_SEARCH_WAIT = 50;

/** Throws for a call that would wait for itself. */
function checkChain({ target: { register, key }, method, chain }: Call): void {
  if (chain.includes(register)) {
    throw new SynodError(
      "deadlock",
      `${show(key)} already waits for the call that calls ${method}() of it: it would never begin`,
    );
  }
  if (chain.length >= MAX_CHAIN) {
    throw new SynodError("queue_full", `${MAX_CHAIN} singletons wait for one another already`);
  }
}
