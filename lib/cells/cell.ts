import type { Key } from "../codec/key.ts";
import { registerId } from "../codec/register_id.ts";
import { decodeValue, encodeValue, UnencodableError } from "../codec/value.ts";
import { type Result, SynodError } from "../errors.ts";
import { withinQuorum } from "../kv/within_quorum.ts";
import { type Change, watch } from "../kv/watch.ts";
import { type Limits, showAs } from "../node/shell.ts";
import { refuseUnless } from "../options.ts";
import type { CellCommand, CellResult } from "../paxos/cell_register.ts";
import { REGISTER_KINDS, type RegisterId } from "../paxos/register.ts";
import { type CellOptions, checkCellOptions } from "./options.ts";
import type { CellStore } from "./store.ts";

/** The value of a cell, and its token. */
export interface CellState<T> {
  /** The value. */
  value: T;
  /** Greater than that of every earlier value of the cell; for `compareAndSet`. */
  token: number;
}

/** What a cell needs of its node. */
export interface CellParts {
  readonly store: CellStore;
  /** Aborts when the node closes. */
  readonly closing: AbortSignal;
}

/**
 * A value of the whole cluster that changes. All nodes see its changes in one order (linearizable), and no change is
 * lost: `update` and `compareAndSet` are atomic. Cells are apart from the keys of `kv`, and last until they are
 * deleted, or all members have lost their memory.
 *
 * ```ts
 * import { join } from "@synod/synod";
 * import { memoryNetwork } from "@synod/synod/transports/memory";
 *
 * const node = await join({ id: "w1", members: ["w1"], transport: memoryNetwork().transport() });
 * const visits = node.cell<number>("visits");
 * await visits.update((now = 0) => now + 1);
 * const state = await visits.get();
 * console.log(state.ok && state.value.value); // 1
 * await node.close();
 * ```
 *
 * A change takes effect at most once. If its outcome cannot be known, it ends as `no_quorum`, or with
 * `noQuorum: "retry"` as a `SynodError` `outcome_unknown`. Each method throws a `SynodError` `full` beyond the members'
 * `maxKeys` or `maxBytes`.
 */
export class Cell<T> {
  /** The name of the cell in its bucket. */
  readonly name: Key;
  readonly #parts: CellParts;
  readonly #options: CellOptions;
  readonly #register: RegisterId;

  static {
    showAs(this.prototype, "Cell", ({ name, ...cell }) => ({ name, ...cell }));
  }

  /** Made by `node.cell`. */
  constructor(parts: CellParts, name: Key, options: CellOptions) {
    checkCellOptions(options);
    this.#parts = parts;
    this.#options = options;
    this.#register = registerId(REGISTER_KINDS.cell, options.bucket, name);
    this.name = name;
  }

  /** The present value and its token. */
  async get(): Promise<Result<CellState<T>, "not_found" | "no_quorum">> {
    const { store } = this.#parts;
    return await withinQuorum(store.shell, this.#options, undefined, async (limits) => {
      const found = await store.read(this.#register, limits);
      if (found === null) return { ok: false, error: "not_found" } as const;
      return { ok: true, value: this.#state(found.value, found.token) } as const;
    });
  }

  /** Sets the value, whatever it was. `invalid_value`: it cannot be stored; `reason` says why. */
  async set(value: T): Promise<Result<CellState<T>, "invalid_value" | "no_quorum">> {
    const encoded = this.#encode(value);
    if (!encoded.ok) return encoded;
    return this.#present(await this.#change("set", { type: "set", value: encoded.value }));
  }

  /**
   * Sets the value to what `fn` makes of it, in one step. `fn` is pure and synchronous, may be called several times, and
   * gets `undefined` without a value. If it returns `undefined`, the cell is deleted; if it throws, this rejects and
   * nothing has changed.
   */
  async update(
    fn: (now: T | undefined) => T | undefined,
  ): Promise<Result<CellState<T | undefined>, "invalid_value" | "no_quorum">> {
    refuseUnless(typeof fn === "function", "update", "fn", "a function", fn);
    const next = (now: Uint8Array | null): Uint8Array | null => {
      const value = fn(now === null ? undefined : decodeValue(now) as T);
      return value === undefined ? null : encodeValue(value, this.#maxBytes);
    };
    try {
      const done = await this.#change("update", { type: "update", next });
      if (!done.ok) return done;
      const { token, value } = done.value;
      return {
        ok: true,
        value: { value: value === null ? undefined : decodeValue(value) as T, token },
      };
    } catch (error) {
      return unencodable(error);
    }
  }

  /**
   * Sets the value if the cell still has this token; 0: if it has no value. `conflict`: it has another one, and nothing
   * has changed. Throws a `TypeError` for `undefined`: `update` can delete.
   */
  async compareAndSet(
    token: number,
    next: T,
  ): Promise<Result<CellState<T>, "conflict" | "invalid_value" | "no_quorum">> {
    const isToken = Number.isSafeInteger(token) && token >= 0;
    refuseUnless(isToken, "compareAndSet", "token", "the token of a value, or 0", token);
    refuseUnless(next !== undefined, "compareAndSet", "next", "a value", next);
    const encoded = this.#encode(next);
    if (!encoded.ok) return encoded;
    const command = { type: "compareAndSet", token, value: encoded.value } as const;
    return this.#present(await this.#change("compareAndSet", command));
  }

  /** Removes the value. Later values have greater tokens. */
  async delete(): Promise<Result<void, "no_quorum">> {
    const done = await this.#change("delete", { type: "delete" });
    if (done.ok) return { ok: true, value: undefined };
    // A delete needs no token, and so meets no conflict.
    return done as Result<never, "no_quorum">;
  }

  /**
   * Follows the cell: yields its present state first, then each change. May skip intermediate states, never goes back.
   * Ends when the node closes; throws the reason of the option `signal` when that aborts.
   */
  watch(): AsyncIterable<Change<T>> {
    const { store, closing } = this.#parts;
    store.shell.ensureOpen();
    const { signal } = this.#options;
    return watch<T>(store, this.#register, signal === undefined ? [] : [signal], closing);
  }

  get #maxBytes(): number {
    return this.#parts.store.shell.maxValueBytes;
  }

  #encode(value: unknown): Result<Uint8Array, "invalid_value"> {
    try {
      return { ok: true, value: encodeValue(value, this.#maxBytes) };
    } catch (error) {
      return unencodable(error);
    }
  }

  #state(value: Uint8Array, token: number): CellState<T> {
    return { value: decodeValue(value) as T, token };
  }

  /** The result of an operation that has a value. */
  #present<E extends string>(
    done: Result<{ token: number; value: Uint8Array | null }, E>,
  ): Result<CellState<T>, E> {
    if (!done.ok) return done;
    const { token, value } = done.value;
    // It is what was written, which is no deletion.
    return { ok: true, value: this.#state(value as Uint8Array, token) };
  }

  async #change<C extends CellCommand>(
    call: string,
    command: C,
  ): Promise<Result<Done, Conflicts<C> | "no_quorum">> {
    const { store } = this.#parts;
    const { noQuorum } = this.#options;
    let sent = false;
    return await withinQuorum(store.shell, this.#options, undefined, async (limits: Limits) => {
      const unknown = `${call}: its outcome cannot be known`;
      // An earlier try may still take effect, so its outcome must not be guessed.
      if (sent) throw new SynodError("outcome_unknown", unknown);
      const writing = () => void (sent = true);
      const result = await store.change(this.#register, command, limits, writing);
      switch (result.kind) {
        case "done":
          return { ok: true, value: result } as const;
        case "conflict":
          return { ok: false, error: "conflict" as Conflicts<C> } as const;
        case "unknown":
          throw new SynodError(noQuorum === "retry" ? "outcome_unknown" : "no_quorum", unknown);
      }
    });
  }
}

/** What an operation that took effect has written. */
type Done = CellResult & { readonly kind: "done" };

/** Only a comparison can fail. */
type Conflicts<C extends CellCommand> = C extends { type: "compareAndSet" } ? "conflict" : never;

/** The result for a value that cannot be stored; throws every other error. */
function unencodable(error: unknown): Result<never, "invalid_value"> {
  if (!(error instanceof UnencodableError)) throw error;
  return { ok: false, error: "invalid_value", reason: error.message };
}
