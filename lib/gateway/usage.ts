import type { GuestOperation, GuestOutcome } from "../codec/guest_messages.ts";
import { Allowance } from "./allowance.ts";
import type { GuestLimits } from "./options.ts";
import { beyond, type GuestError } from "./refusal.ts";

/** Called with the outcome of an operation that was counted; `null`: it ended with an error. */
export type Counted = (outcome: GuestOutcome | null) => void;

/** The outcomes after which a lock request is neither in the queue nor holds the lock. */
const WITHOUT_LOCK: readonly string[] = ["refused", "queueFull", "stolen", "lost"];

/**
 * Renewals of one guest in a second: more than one with the shortest time to live asks for when no member answers. Each asks
 * all members, so they count on their own: operations must not cost a guest its session.
 */
export const RENEWALS_PER_SECOND = 100;

/** What one guest uses of this member, within its bounds. */
export class Usage {
  readonly #limits: Readonly<Required<GuestLimits>>;
  /** The locks that it holds or waits for, by session and request. */
  readonly #locks = new Set<string>();
  /** The registers of the keys that are bound to it. */
  readonly #keys = new Set<string>();
  readonly #operations: Allowance;
  readonly #bytes: Allowance;
  readonly #renewals: Allowance;
  #watches = 0;
  #calls = 0;

  /** Has used nothing at the time `now`, in milliseconds. */
  constructor(limits: Readonly<Required<GuestLimits>>, now: number) {
    this.#limits = limits;
    this.#operations = new Allowance(limits.operationsPerSecond, now);
    this.#bytes = new Allowance(limits.bytesPerSecond, now);
    this.#renewals = new Allowance(RENEWALS_PER_SECOND, now);
  }

  /** Takes a frame of that many bytes; returns why it may not come. */
  frame(bytes: number, now: number): GuestError | undefined {
    if (this.#bytes.take(bytes, now)) return undefined;
    return beyond("bytes a second", this.#limits.bytesPerSecond);
  }

  /** Whether a renewal may be asked of a quorum; without it the guest asks again. */
  renewal(now: number): boolean {
    return this.#renewals.take(1, now);
  }

  /** Why an operation may not begin; `underWay` others of the guest have not ended, or wait to be fetched. */
  refusal(operation: GuestOperation, underWay: number, now: number): GuestError | undefined {
    const { limits } = { limits: this.#limits };
    if (underWay >= limits.operations) return beyond("operations", limits.operations);
    if (!this.#operations.take(1, now)) {
      return beyond("operations a second", limits.operationsPerSecond);
    }
    switch (operation.type) {
      case "put":
        if (!isOwned(operation) || this.#keys.has(operation.register)) return undefined;
        return this.#keys.size >= limits.keys ? beyond("keys", limits.keys) : undefined;
      case "lock":
        return this.#locks.size >= limits.locks ? beyond("locks", limits.locks) : undefined;
      case "watch":
      case "watchAll":
      case "guard":
        return this.#watches >= limits.watches ? beyond("watches", limits.watches) : undefined;
      case "call":
      case "place":
        return this.#calls >= limits.calls ? beyond("calls", limits.calls) : undefined;
      default:
        return undefined;
    }
  }

  /** Counts what an operation takes; returns what must be called at its end. */
  count(number: number, operation: GuestOperation): Counted {
    switch (operation.type) {
      case "lock": {
        const name = `${operation.session}/${number}`;
        this.#locks.add(name);
        return (outcome) => {
          if (outcome !== null && WITHOUT_LOCK.includes(outcome.type)) this.#locks.delete(name);
        };
      }
      case "unlock":
        return (outcome) => {
          if (outcome !== null) this.#locks.delete(`${operation.session}/${operation.request}`);
        };
      case "put":
        if (isOwned(operation)) this.#keys.add(operation.register);
        return (outcome) => {
          const isForeign = outcome?.type === "agreed" && outcome.value !== null;
          if (isForeign || outcome?.type === "invalid") this.#keys.delete(operation.register);
        };
      case "release":
        return (outcome) => {
          if (outcome !== null) this.#keys.delete(operation.register);
        };
      case "end":
        return () => {
          this.#keys.clear();
          this.#locks.clear();
        };
      case "watch":
      case "watchAll":
      case "guard":
        this.#watches++;
        return () => void this.#watches--;
      case "call":
      case "place":
        this.#calls++;
        return () => void this.#calls--;
      default:
        return () => {};
    }
  }
}

/** Whether a put is bound to the guest itself. */
function isOwned({ bindings }: GuestOperation & { readonly type: "put" }): boolean {
  return bindings.some(({ type }) => type === "own" || type === "ownPid");
}
