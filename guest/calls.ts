import type { GuestCall, GuestOutcome } from "../lib/codec/guest_messages.ts";
import { SynodError } from "../lib/errors.ts";
import type { Limits } from "../lib/node/runtime/operation.ts";
import type { LamportClock, Life } from "../lib/paxos/ballot.ts";
import type { RegisterId } from "../lib/paxos/register.ts";
import { parseSession } from "../lib/paxos/sessions.ts";
import type { Chain } from "../lib/singletons/singleton_messages.ts";
import type { InstanceFinder } from "../lib/singletons/singleton_calls.ts";
import type { Attempts } from "../lib/singletons/calls.ts";
import { Channels, FEW_OPEN, mostNamed, numbersOf } from "../lib/singletons/channels.ts";
import { fromFailure } from "../lib/singletons/failure.ts";
import type { AttemptOutcome, CallAttempt } from "../lib/singletons/outbound.ts";
import type { InstanceLocation, InstanceLocations } from "../lib/singletons/instance_locations.ts";
import type { Target } from "../lib/singletons/remote.ts";
import { UnstartedCalls } from "../lib/singletons/unstarted_calls.ts";
import type { GuestOperations } from "./operations.ts";
import { unexpected } from "./outcomes.ts";
import type { GuestShell } from "./shell.ts";
import { toOwner } from "./store.ts";

/** What calls of a guest need. */
export interface GuestCallsParts {
  readonly shell: GuestShell;
  readonly clock: LamportClock;
  readonly life: Life;
  readonly operations: GuestOperations;
}

/** The caller's side of a guest's calls: it numbers the attempts, and its gateway makes them. */
export class GuestAttempts implements Attempts {
  readonly #parts: GuestCallsParts;
  readonly #channels = new Channels();
  readonly #unstarted = new UnstartedCalls();

  /** Starts without calls. */
  constructor(parts: GuestCallsParts) {
    this.#parts = parts;
  }

  /** See {@linkcode Attempts.call}. */
  async call(attempt: CallAttempt, limits: Limits): Promise<AttemptOutcome> {
    const { shell: { runtime }, operations } = this.#parts;
    limits.signal?.throwIfAborted();
    if (limits.deadline <= runtime.now()) throw limits.late?.() ?? tooLate();
    const channel = this.#channel(attempt);
    const sequence = ++channel.last;
    channel.open.add(sequence);
    const settle = attempt.isPart ? () => {} : this.#unstarted.add(attempt.register, attempt.token);
    try {
      const numbers = numbersOf(channel, sequence, mostNamed(channel, true, runtime.now()));
      const run = operations.begin({ type: "call", ...about(attempt), ...numbers }, limits, {
        event: ({ type }) => {
          if (type === "begun") settle();
        },
      });
      const outcome = toAttemptOutcome(await run.operation.promise);
      // The host may have forgotten the channel.
      if (outcome.type === "lost") channel.isStale = true;
      // A host that leaves names what may have begun, and that does not include what it has forgotten.
      if (outcome.type === "refused" && channel.isReplaced) return { type: "lost" };
      return outcome;
    } finally {
      settle();
      channel.open.delete(sequence);
      channel.used = runtime.now();
    }
  }

  /** See {@linkcode Attempts.cast}. */
  cast(attempt: CallAttempt): void {
    const { shell, operations } = this.#parts;
    const channel = this.#channel(attempt);
    const numbers = numbersOf(channel, ++channel.last, FEW_OPEN);
    const run = operations.begin({ type: "cast", ...about(attempt), ...numbers }, shell.limits());
    // Casts may be lost.
    run.operation.promise.catch(() => {});
  }

  /** See {@linkcode Attempts.isUnsure}. */
  isUnsure(register: RegisterId, token?: number): boolean {
    return this.#unstarted.hasOther(register, token);
  }

  /** See {@linkcode Attempts.settled}. */
  async settled(register: RegisterId): Promise<void> {
    await this.#unstarted.none(register);
  }

  #channel({ pid }: CallAttempt) {
    const { shell, clock, life } = this.#parts;
    const host = parseSession(pid.session).life;
    return this.#channels.open(host, life, shell.runtime.now(), () => clock.next());
  }
}

/** Has the gateway find, and start, instances. */
export class GuestFinder implements InstanceFinder {
  readonly #shell: GuestShell;
  readonly #operations: GuestOperations;
  readonly #locations: InstanceLocations;

  /** What is found is remembered in `locations`. */
  constructor(shell: GuestShell, operations: GuestOperations, locations: InstanceLocations) {
    this.#shell = shell;
    this.#operations = operations;
    this.#locations = locations;
  }

  /** See {@linkcode InstanceFinder.find}. */
  find(target: Target, limits: Limits): Promise<InstanceLocation | null> {
    return this.#find(target, false, limits);
  }

  /** See {@linkcode InstanceFinder.findOrStart}. */
  async findOrStart(
    target: Target,
    _chain: Chain,
    isWanted: () => boolean,
  ): Promise<InstanceLocation> {
    for (;;) {
      // Without a session there is no gateway that could start anything.
      await this.#shell.session.valid(this.#shell.limits());
      const location = await this.#start(target, isWanted);
      if (location !== null) return location;
      if (!isWanted()) throw notStarted();
      await this.#shell.pause(RETRY_WAIT);
    }
  }

  /**
   * Has an instance started. A start may take long, and the gateway goes on if the host is lost meanwhile: no time
   * limit of an operation ends that, but only that nothing waits for the instance any more.
   */
  async #start(target: Target, isWanted: () => boolean): Promise<InstanceLocation | null> {
    const { runtime, timeout } = this.#shell;
    const aborter = new AbortController();
    let cancel = () => {};
    const lookLater = () => {
      cancel = runtime.setTimer(() => {
        if (isWanted()) lookLater();
        else aborter.abort(notStarted());
      }, timeout);
    };
    lookLater();
    try {
      return await this.#find(target, true, { deadline: Infinity, signal: aborter.signal });
    } finally {
      cancel();
    }
  }

  async #find(
    { register, spec, args }: Target,
    start: boolean,
    limits: Limits,
  ): Promise<InstanceLocation | null> {
    const request = { type: "place", register, spec: spec.id, args, start } as const;
    const run = this.#operations.begin(request, limits);
    const outcome = await run.operation.promise;
    switch (outcome.type) {
      case "at": {
        const location = {
          pid: toOwner(outcome.pid.session, outcome.pid.seq),
          token: outcome.token,
        };
        this.#locations.set(register, location);
        return location;
      }
      case "nowhere":
        return null;
      case "threw":
        throw fromFailure(outcome.failure);
      default:
        throw unexpected("place", outcome);
    }
  }
}

/** Wait between two tries to start the same instance, in milliseconds. */
const RETRY_WAIT = 50;

function about(
  { register, pid, token, method, args }: CallAttempt,
): Pick<GuestCall, "register" | "session" | "token" | "method" | "args"> {
  return { register, session: pid.session, token, method, args };
}

function toAttemptOutcome(outcome: GuestOutcome): AttemptOutcome {
  switch (outcome.type) {
    case "returned":
    case "threw":
    case "refused":
    case "busy":
    case "lost":
      return outcome;
    case "notStarted":
      return { type: "failed", byHost: outcome.byHost, failure: outcome.failure };
    default:
      throw unexpected("call", outcome);
  }
}

function notStarted(): SynodError {
  return new SynodError("no_host", "The instance did not start");
}

function tooLate(): SynodError {
  return new SynodError("no_quorum", "There was no time left for the call");
}
