import type { CellStore } from "../lib/cells/store.ts";
import type { Follower, Found } from "../lib/kv/store.ts";
import type { Limits } from "../lib/node/runtime/operation.ts";
import type { CellCommand, CellResult } from "../lib/paxos/cell_register.ts";
import type { RegisterId } from "../lib/paxos/register.ts";
import type { GuestOperations } from "./operations.ts";
import { unexpected } from "./outcomes.ts";
import type { GuestShell } from "./shell.ts";
import type { GuestStore } from "./store.ts";

/** The cells of the cluster as a guest reaches them: its gateway proposes for it, and the guest runs the functions. */
export class GuestCells implements CellStore {
  readonly shell: GuestShell;
  readonly #store: GuestStore;
  readonly #operations: GuestOperations;

  /** Reads and watches as `store` does. */
  constructor(store: GuestStore, operations: GuestOperations) {
    this.shell = store.shell;
    this.#store = store;
    this.#operations = operations;
  }

  /** See {@linkcode CellStore.read}. */
  read(register: RegisterId, limits: Limits): Promise<Found | null> {
    return this.#store.read(register, limits);
  }

  /** See {@linkcode CellStore.change}. */
  async change(
    register: RegisterId,
    command: CellCommand,
    limits: Limits,
    writing: () => void,
  ): Promise<CellResult> {
    switch (command.type) {
      case "set":
        return await this.#send(register, null, command.value, limits, writing);
      case "delete":
        return await this.#send(register, null, null, limits, writing);
      case "compareAndSet":
        return await this.#send(register, command.token, command.value, limits, writing);
      case "update":
        return await this.#update(register, command.next, limits, writing);
    }
  }

  /** See {@linkcode CellStore.watch}. */
  watch(register: RegisterId, follower: Follower): () => void {
    return this.#store.watch(register, follower);
  }

  /** Each try is an operation of its own; one that met a conflict has done nothing, and never will. */
  async #update(
    register: RegisterId,
    next: (now: Uint8Array | null) => Uint8Array | null,
    limits: Limits,
    writing: () => void,
  ): Promise<CellResult> {
    for (;;) {
      const found = await this.read(register, limits);
      const value = next(found?.value ?? null);
      if (found === null && value === null) return { kind: "done", token: 0, value };
      const result = await this.#send(register, found?.token ?? 0, value, limits, writing);
      if (result.kind !== "conflict") return result;
    }
  }

  /** Sets or deletes, if the cell has the token `over`; `null`: in any case. */
  async #send(
    register: RegisterId,
    over: number | null,
    value: Uint8Array | null,
    limits: Limits,
    writing: () => void,
  ): Promise<CellResult> {
    const cell = { type: "cell", register, over, value } as const;
    const outcome = await this.#operations.begin(cell, limits, { sending: writing }).operation
      .promise;
    switch (outcome.type) {
      case "wrote":
        return { kind: "done", token: outcome.token, value };
      case "conflict":
      case "unknown":
        return { kind: outcome.type };
      default:
        throw unexpected("cell", outcome);
    }
  }
}
