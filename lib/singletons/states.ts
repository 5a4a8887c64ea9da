import { registerId } from "../codec/register_id.ts";
import type { Key } from "../codec/key.ts";
import { isSpecId } from "../codec/names.ts";
import { SynodError } from "../errors.ts";
import { refuseUnless } from "../options.ts";
import { REGISTER_KINDS, type RegisterId } from "../paxos/register.ts";
import { forget, OpenState, type State, type StateParts } from "./state.ts";

/** States of one instance; bounds memory. */
const MAX_STATES = 10_000;

/** The states that one instance has opened. */
export class States {
  readonly #spec: string;
  readonly #key: Key;
  readonly #parts: StateParts;
  readonly #opened = new Map<string, Promise<OpenState<unknown>>>();
  /** The registers of all states that it has begun to open, and whether it has opened them. */
  readonly #begun = new Map<RegisterId, boolean>();

  /** Opens nothing yet, for the instance of `spec` with this key. */
  constructor(spec: string, key: Key, parts: StateParts) {
    this.#spec = spec;
    this.#key = key;
    this.#parts = parts;
  }

  /** See `ChildContext.state`. */
  async open<T>(name: string, initial: T): Promise<State<T>> {
    const form = "a well-formed string of 1 to 200 characters";
    refuseUnless(isSpecId(name), "state", "name", form, name);
    const register = registerId(REGISTER_KINDS.state, this.#spec, [this.#key, name]);
    let opened = this.#opened.get(name);
    if (opened === undefined) {
      if (this.#begun.size >= MAX_STATES && !this.#begun.has(register)) {
        throw new SynodError("full", `An instance has at most ${MAX_STATES} states`);
      }
      this.#begun.set(register, false);
      opened = OpenState.open<unknown>(register, this.#parts, initial);
      this.#opened.set(name, opened);
      // It may be tried again.
      const isOpen = () => this.#begun.set(register, true);
      opened.then(isOpen, () => this.#opened.delete(name));
    }
    return await opened as State<T>;
  }

  /**
   * Removes all of them, and those whose opening has not ended well, while the session of the instance lasts. Rejects if
   * some may be left, with what happened to the first of them.
   */
  async forget(): Promise<void> {
    const forgetting = Array.from(
      this.#begun,
      ([register, isOpen]) => forget(register, this.#parts, isOpen),
    );
    for (const result of await Promise.allSettled(forgetting)) {
      if (result.status === "rejected") throw result.reason;
    }
  }
}
