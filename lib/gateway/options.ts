import type { Key } from "../codec/key.ts";
import { isPlainObject } from "../codec/kinds.ts";
import { show } from "../show.ts";
import { type OptionNames, refuseUnknown } from "../options.ts";

/** A guest, as `authorize` gets it. */
export interface Guest {
  /** The id of the guest, without the `~` that it has in names. */
  readonly id: string;
  /** The claims of its token, which `nodeToken` made. */
  readonly claims: Readonly<Record<string, unknown>>;
}

/** What a guest asks for. */
export interface GuestRequest {
  /**
   * The kind of the operation. `steal` is a lock request that takes the lock away from its holders; `setCell` stands for
   * each change of a cell.
   */
  readonly type:
    | "put"
    | "get"
    | "keys"
    | "entries"
    | "watch"
    | "watchAll"
    | "getCell"
    | "setCell"
    | "watchCell"
    | "lock"
    | "steal"
    | "holders"
    | "explain"
    | "query"
    | "whereis"
    | "lookup"
    | "call"
    | "status";
  /** The key, the name of the cell or of the lock, or the key of the singleton. */
  readonly key?: Key;
  /** The bucket of the key or cell; absent: the default bucket. */
  readonly bucket?: string;
  /** The id of the singleton's spec. */
  readonly spec?: string;
  /** The method that is called. */
  readonly method?: string;
}

/** Bounds of what the guests of one member may use; more is refused with `queue_full`. */
export interface GuestLimits {
  /** Guests at this member. Default: 10,000. */
  guests?: number;
  /** Locks that one guest holds or waits for. Default: 100. */
  locks?: number;
  /** Keys bound to one guest that it put through this member. Default: 1,000. */
  keys?: number;
  /** Watches of one guest. Default: 100. */
  watches?: number;
  /** Calls of one guest under way. Default: 100. */
  calls?: number;
  /** Operations of one guest under way. Default: 1,000. */
  operations?: number;
  /** Operations of one guest in a second, on average. Default: 500. */
  operationsPerSecond?: number;
  /**
   * Bytes of one guest in a second, on average. Over WebSocket it waits if it sends more; over HTTP that is refused. Default:
   * 4 MiB.
   */
  bytesPerSecond?: number;
}

/** How a member serves guests: nodes that prove no more than their own id, and take no part in the protocol. */
export interface GuestOptions {
  /**
   * Whether a guest may do what it asks for; called before anything is done. Throwing means no. Default: a guest
   * may do all that the API offers.
   */
  authorize?: (guest: Guest, operation: GuestRequest) => boolean | Promise<boolean>;
  /** Bounds for each guest. */
  limits?: GuestLimits;
}

/** Checked {@linkcode GuestOptions}. */
export interface GuestSettings {
  readonly authorize: NonNullable<GuestOptions["authorize"]> | null;
  readonly limits: Readonly<Required<GuestLimits>>;
}

const DEFAULTS: Readonly<Required<GuestLimits>> = {
  guests: 10_000,
  locks: 100,
  keys: 1_000,
  watches: 100,
  calls: 100,
  operations: 1_000,
  operationsPerSecond: 500,
  bytesPerSecond: 4 * 2 ** 20,
};

const NAMES: OptionNames<GuestOptions> = { authorize: true, limits: true };
const LIMITS = Object.fromEntries(
  Object.keys(DEFAULTS).map((name) => [name, true]),
) as unknown as OptionNames<GuestLimits>;

/** Checks the option `guests` of `join`; throws a `TypeError` that names what is wrong. `null`: no guests. */
export function checkGuests(guests: unknown, clients: boolean): GuestSettings | null {
  if (guests === undefined || guests === false) return null;
  if (!isPlainObject(guests)) {
    throw new TypeError(
      `Cannot join: guests must be false or { authorize, limits }, received ${show(guests)}`,
    );
  }
  if (!clients) {
    throw new TypeError("Cannot join: guests need clients: true, since they count as clients");
  }
  refuseUnknown("Cannot join: guests", guests, NAMES);
  const { authorize, limits = {} } = guests as GuestOptions;
  if (authorize !== undefined && typeof authorize !== "function") {
    throw new TypeError(
      `Cannot join: guests.authorize must be a function, received ${show(authorize)}`,
    );
  }
  if (!isPlainObject(limits)) {
    throw new TypeError(`Cannot join: guests.limits must be an object, received ${show(limits)}`);
  }
  refuseUnknown("Cannot join: guests.limits", limits, LIMITS);
  const checked = { ...DEFAULTS };
  for (const name of Object.keys(DEFAULTS) as (keyof GuestLimits)[]) {
    const value = (limits as GuestLimits)[name] ?? DEFAULTS[name];
    if (!Number.isSafeInteger(value) || value < 1) {
      throw new TypeError(
        `Cannot join: guests.limits.${name} must be a positive integer, received ${show(value)}`,
      );
    }
    checked[name] = value;
  }
  return { authorize: authorize ?? null, limits: checked };
}
