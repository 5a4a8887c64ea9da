import type { DownMessage, GuestOutcome, UpMessage } from "../lib/codec/guest_messages.ts";
import { SynodError } from "../lib/errors.ts";
import { Handovers } from "../lib/kv/handovers.ts";
import type { PutOutcome } from "../lib/kv/store.ts";
import type { GuestOwners } from "./owners.ts";
import type { GuestShell } from "./shell.ts";
import type { GuestStore } from "./store.ts";

type Handover = DownMessage & { readonly type: "handover" };

/** The outcome of a put. */
type Outcome = GuestOutcome & { readonly value?: Uint8Array | null };

const UNKNOWN: Outcome = { type: "unknown" };

/** Who handed the put over gives a reason of its own. */
const GONE: Outcome = { type: "invalid", reason: "" };

/**
 * Puts that other nodes bind to processes of this guest. The guest sends each as its own, once, so that exit and
 * put are ordered in one place (section 4).
 */
export class GuestHandovers {
  readonly #shell: GuestShell;
  readonly #owners: GuestOwners;
  readonly #store: GuestStore;
  readonly #handovers = new Handovers<Outcome>();

  /** Starts without puts. */
  constructor(shell: GuestShell, owners: GuestOwners, store: GuestStore) {
    this.#shell = shell;
    this.#owners = owners;
    this.#store = store;
  }

  /** Takes a put; resolves to the answer. */
  async take(message: Handover): Promise<UpMessage> {
    const { op, since, id } = message;
    const outcome = await this.#handovers.once(op, since, () => this.#run(message)) ?? UNKNOWN;
    return { type: "handed", id, outcome };
  }

  async #run({ register, value, bindings, timeout }: Handover): Promise<Outcome> {
    const { session } = this.#shell;
    const bound = bindings.find(({ type }) => type === "ownPid");
    const owner = bound?.type === "ownPid" && bound.session === session.number
      ? this.#owners.get(session.current, bound.seq)
      : undefined;
    // It has not run: what has run is remembered, also when its process has ended.
    if (owner === undefined) return GONE;
    const limits = this.#shell.limits(timeout, owner.signal);
    try {
      const put = await this.#store.propose(register, value, bindings, owner, limits, () => {});
      return toOutcome(put);
    } catch (error) {
      return error instanceof SynodError && error.code === "full" ? { type: "full" } : UNKNOWN;
    }
  }
}

function toOutcome(put: PutOutcome): Outcome {
  if (put.kind === "agreed") {
    return { type: "agreed", token: put.token, value: put.mine ? null : put.value };
  }
  return put.kind === "unknown" ? UNKNOWN : GONE;
}
