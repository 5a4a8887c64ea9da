import { SynodError } from "../lib/errors.ts";
import type { RegisterId, SessionId } from "../lib/paxos/register.ts";
import { Owner, type Owners } from "../lib/owners/owner.ts";
import type { GuestOperations } from "./operations.ts";
import type { Run } from "./run.ts";
import type { GuestShell } from "./shell.ts";

/** Wait between two tries to release the same register, in milliseconds. */
const RETRY_WAIT = 50;

/** Registers that are released at the same time. */
const RELEASED_AT_ONCE = 64;

/** A process of the guest, and its puts. */
export class GuestOwner extends Owner {
  /** The number of its session. */
  readonly sessionNumber: number;
  /** The puts of each register whose outcome is not known. */
  readonly puts = new Map<RegisterId, Run[]>();

  readonly #aborter = new AbortController();
  /** Registers with a put that more than one gateway may have got. */
  readonly #spread = new Set<RegisterId>();

  /** Starts without registers. */
  constructor(node: string, session: SessionId, sessionNumber: number, seq: number) {
    super({ node, session, seq });
    this.sessionNumber = sessionNumber;
  }

  /** Aborts when the process ends. */
  get signal(): AbortSignal {
    return this.#aborter.signal;
  }

  /** The process has ended: nothing is proposed for it any more. */
  finish(): void {
    this.ended = true;
    this.#aborter.abort(new SynodError("exited", "The process has ended"));
  }

  /** Whether a write of `register` may still be adopted, so that its release has to write. */
  isUnsure(register: RegisterId): boolean {
    return this.#spread.has(register) || (this.registers.get(register)?.unknown ?? 0) > 0;
  }

  /** A put of `register` is about to be sent. */
  sends(register: RegisterId, run: Run): void {
    this.writes(register);
    const runs = this.puts.get(register);
    if (runs === undefined) this.puts.set(register, [run]);
    else runs.push(run);
  }

  /** A put that was sent is over; `chosen`: whether it was chosen, `undefined`: unknown. */
  ends(register: RegisterId, run: Run, chosen: boolean | undefined): void {
    // What a former gateway wrote may still be adopted: the release has to write.
    if (run.isSpread) this.#spread.add(register);
    if (chosen === undefined || (run.isSpread && !chosen)) return this.lost(register);
    this.knows(register, chosen);
    const runs = this.puts.get(register);
    const rest = runs?.filter((other) => other !== run) ?? [];
    if (rest.length > 0) this.puts.set(register, rest);
    else this.puts.delete(register);
  }
}

/** The processes that live in a guest, and the owners of its locks. */
export class GuestOwners implements Owners {
  readonly #node: string;
  readonly #shell: GuestShell;
  readonly #operations: GuestOperations;
  readonly #owners = new Map<string, GuestOwner>();
  #last = 0;

  /** `node`: the id of the guest behind `~`. */
  constructor(node: string, shell: GuestShell, operations: GuestOperations) {
    this.#node = node;
    this.#shell = shell;
    this.#operations = operations;
  }

  /** See {@linkcode Owners.add}. */
  add(): GuestOwner {
    const { current, number } = this.#shell.session;
    const owner = new GuestOwner(this.#node, current, number, ++this.#last);
    this.#owners.set(nameOf(current, owner.pid.seq), owner);
    return owner;
  }

  /** The owner with this pid, while it lives. */
  get(session: SessionId, seq: number): GuestOwner | undefined {
    return this.#owners.get(nameOf(session, seq));
  }

  /** See {@linkcode Owners.end}. */
  end(owner: Owner): void {
    (owner as GuestOwner).finish();
    this.#owners.delete(nameOf(owner.pid.session, owner.pid.seq));
  }

  /** See {@linkcode Owners.release}. */
  async release(owner: Owner): Promise<void> {
    const registers = [...owner.registers.keys()];
    while (registers.length > 0) {
      await Promise.all(
        registers.splice(-RELEASED_AT_ONCE).map((register) =>
          this.#release(owner as GuestOwner, register)
        ),
      );
    }
  }

  async #release(owner: GuestOwner, register: RegisterId): Promise<void> {
    const { session, seq } = owner.pid;
    const undoes = owner.puts.get(register) ?? [];
    let unsure = owner.isUnsure(register);
    while (this.#shell.session.isPossible(session)) {
      const run = this.#operations.begin(
        { type: "release", register, session: owner.sessionNumber, seq, unsure },
        this.#shell.releaseLimits(),
        { undoes },
      );
      try {
        await run.operation.promise;
        return;
      } catch {
        if (this.#shell.operations.isClosed || this.#shell.fatal !== undefined) return;
        unsure = true;
        await this.#shell.pause(RETRY_WAIT);
      }
    }
  }
}

function nameOf(session: SessionId, seq: number): string {
  return `${session}/${seq}`;
}
