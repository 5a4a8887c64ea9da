import { decodeValue, encodeValue, UnencodableError } from "../codec.ts";
import { SynodError } from "../errors.ts";
import type { Limits } from "../node/shell.ts";
import type { RegisterChange } from "../paxos/change.ts";
import type { RegisterId } from "../paxos/register.ts";
import type { KeptState } from "../paxos/state_register.ts";
import { forgetChange, type Kept, openChange, writeChange } from "./state_value.ts";
import type { Core } from "../node/core.ts";

/** A value that an instance leaves to the next one of its key. */
export interface State<T> {
  /** The value that a majority has, as far as this instance has written it; a copy, which nothing else changes. */
  readonly value: T;
  /**
   * Writes another value; resolves with it when a majority has it. Rejects with a `SynodError`: `session_lost` (the
   * instance has ended; the value may have been written), `full`, `outcome_unknown` (there is no room for it, but an
   * earlier attempt may have written it: the next instance may find it), `queue_full`; and with a `TypeError` for
   * a value that CBOR cannot carry.
   */
  set(next: T): Promise<T>;
  /** As `set`, with what `change` makes of the value that earlier writes of this instance have left. */
  update(change: (value: T) => T): Promise<T>;
  /** Removes what is kept: `value` is the initial one again. */
  delete(): Promise<void>;
}

/** What a state needs of its instance. */
export interface StateParts {
  readonly core: Core;
  /** The token of the instance. */
  readonly token: number;
  /** Aborts when the instance ends. */
  readonly signal: AbortSignal;
  /** The session of the instance. */
  readonly session: string;
  /** Whether the register of the singleton names this instance; rejects without a quorum. */
  readonly isCurrent: (limits: Limits) => Promise<boolean>;
  /** Another instance has opened the state: this one ends. */
  readonly replaced: (error: SynodError) => void;
}

/** Writes of one state that wait for the one under way; more are refused. */
const MAX_WAITING = 10_000;

/** Size of the values of `set` among them, in bytes; more are refused. */
const MAX_WAITING_BYTES = 64 * 2 ** 20;

/** Wait after a write for which there was no quorum, in milliseconds; bounds retries that fail at once. */
const RETRY_WAIT = 50;

/** One state of one instance, which writes one value after the other. */
export class OpenState<T> implements State<T> {
  readonly #register: RegisterId;
  readonly #parts: StateParts;
  readonly #initial: Uint8Array;
  #value: T;
  /** The end of the writes so far. */
  #last: Promise<unknown> = Promise.resolve();
  #waiting = 0;
  #waitingBytes = 0;

  private constructor(register: RegisterId, parts: StateParts, initial: Uint8Array, now: T) {
    this.#register = register;
    this.#parts = parts;
    this.#initial = initial;
    this.#value = now;
  }

  /** Opens the state in `register` for the instance of `parts`. */
  static async open<T>(register: RegisterId, parts: StateParts, initial: T): Promise<OpenState<T>> {
    const { core } = parts;
    const otherwise = encode(initial, core.maxValueBytes);
    const value = await openRegister(register, parts);
    return new OpenState(register, parts, otherwise, decodeValue(value ?? otherwise) as T);
  }

  /** See {@linkcode State}. */
  get value(): T {
    return this.#value;
  }

  /** See {@linkcode State}. */
  async set(next: T): Promise<T> {
    // As it is now: the caller may change it before its turn comes.
    const bytes = this.#encode(next);
    return await this.#inTurn(() => this.#keep(bytes), bytes.length);
  }

  /** See {@linkcode State}. */
  async update(change: (value: T) => T): Promise<T> {
    return await this.#inTurn(() => this.#keep(this.#encode(change(this.#value))));
  }

  /** See {@linkcode State}. */
  async delete(): Promise<void> {
    await this.#inTurn(async () => {
      await this.#write(null);
      this.#value = decodeValue(this.#initial) as T;
    });
  }

  #encode(value: T): Uint8Array {
    return encode(value, this.#parts.core.maxValueBytes);
  }

  async #keep(value: Uint8Array): Promise<T> {
    await this.#write(value);
    return this.#value = decodeValue(value) as T;
  }

  async #write(value: Uint8Array | null): Promise<void> {
    const { token } = this.#parts;
    let isSent = false;
    try {
      await change(
        this.#register,
        this.#parts,
        (op, mayWrite) => writeChange(op, token, value, mayWrite),
        { valueBytes: value?.length, writing: () => void (isSent = true) },
      );
    } catch (error) {
      // `full` for a later attempt says nothing about the effect of the earlier ones.
      const isFull = error instanceof SynodError && error.code === "full";
      if (!isFull || !isSent) throw error;
      throw new SynodError("outcome_unknown", `The value may have been written. ${error.message}`);
    }
  }

  /** Runs `write`, which holds `bytes`, after all earlier writes: each one may rely on the result of those. */
  #inTurn<R>(write: () => Promise<R>, bytes = 0): Promise<R> {
    const isTooMuch = this.#waitingBytes > 0 && this.#waitingBytes + bytes > MAX_WAITING_BYTES;
    if (this.#waiting >= MAX_WAITING || isTooMuch) {
      const bound = isTooMuch ? `${MAX_WAITING_BYTES} bytes` : `${MAX_WAITING} writes`;
      const text = `Writes of one state wait for the ones before; at most ${bound} may`;
      return Promise.reject(new SynodError("queue_full", text));
    }
    this.#waiting++;
    this.#waitingBytes += bytes;
    const result = this.#last.then(write).finally(() => {
      this.#waiting--;
      this.#waitingBytes -= bytes;
    });
    this.#last = result.catch(() => {});
    return result;
  }
}

/** Opens the state in `register`, from the members' reserve to remove it; resolves with the value that is there. */
async function openRegister(
  register: RegisterId,
  parts: StateParts,
  reserve = false,
): Promise<KeptState["value"]> {
  const { token } = parts;
  const { value } = await change(
    register,
    parts,
    (op, mayWrite) => openChange(op, token, mayWrite),
    { reserve, takesOver: true },
  );
  // A later instance may have opened the state and removed it before. The register of the singleton tells: later
  // ones than what it names now can only open the state after this one.
  await retry(parts, async (limits) => {
    if (!await parts.isCurrent(limits)) throw replacedBy(parts);
  });
  return value;
}

/**
 * Removes the state in `register`, which the instance of `parts` has opened, or begun to open; the instance has ended,
 * and its session lasts. Rejects if the session ends before.
 */
export async function forget(
  register: RegisterId,
  parts: StateParts,
  isOpen: boolean,
): Promise<void> {
  const { core, token } = parts;
  // The end of the instance must not stop what ends it.
  const lasting = { ...parts, signal: new AbortController().signal };
  // What an opening under way finds belongs to the instance before until this one has opened it.
  if (!isOpen) await openRegister(register, lasting, true);
  const release = forgetChange(token);
  await retry(lasting, async (limits) => {
    // What was written last may still be on its way. A full member must not prevent that room is made.
    await core.proposals.change(register, release, { ...limits, mustWrite: true, reserve: true });
  });
}

/** Changes a register for the instance of `parts`, until a quorum has it or the instance ends. */
async function change(
  register: RegisterId,
  parts: StateParts,
  change: (op: string, mayWrite: () => boolean) => RegisterChange<Kept>,
  more: {
    readonly reserve?: boolean;
    readonly takesOver?: boolean;
    readonly valueBytes?: number;
    readonly writing?: () => void;
  },
): Promise<KeptState> {
  const { core, signal, session } = parts;
  const mayWrite = () => !signal.aborted && core.session.isValid(session);
  // An operation keeps its name however often it is tried: it recognises its own write.
  const own = change(core.nextOperation(), mayWrite);
  return await retry(parts, async (limits) => {
    const options = { ...limits, keepPromise: true, ...more };
    const { result } = await core.proposals.change(register, own, options);
    if (result === null) throw replacedBy(parts);
    return result;
  });
}

/** Tries until it succeeds or fails for another reason than a missing quorum, or the instance has ended. */
async function retry<R>(
  { core, signal, session }: StateParts,
  attempt: (limits: Limits) => Promise<R>,
): Promise<R> {
  for (;;) {
    if (signal.aborted || !core.session.isPossible(session)) throw hasEnded();
    try {
      return await attempt(core.limits(core.timeout, signal));
    } catch (error) {
      if (signal.aborted) throw hasEnded();
      const isPassing = error instanceof SynodError && error.code === "no_quorum";
      if (!isPassing || core.isOver) throw error;
      await core.pause(RETRY_WAIT);
    }
  }
}

/** Ends the instance: another one has taken its place. */
function replacedBy({ signal, replaced }: StateParts): SynodError {
  if (signal.aborted) return hasEnded();
  const error = new SynodError("session_lost", "Another instance has taken the place of this one");
  replaced(error);
  return error;
}

function hasEnded(): SynodError {
  return new SynodError("session_lost", "The instance has ended");
}

function encode(value: unknown, maxBytes: number): Uint8Array {
  try {
    return encodeValue(value, maxBytes);
  } catch (error) {
    if (!(error instanceof UnencodableError)) throw error;
    throw new TypeError(`state: the value cannot be kept: ${error.message}`);
  }
}
