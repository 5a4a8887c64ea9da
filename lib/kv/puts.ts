import { isPutOf, MAX_TIMEOUT } from "../codec.ts";
import { SynodError } from "../errors.ts";
import type { Core } from "../node/core.ts";
import type { Limits } from "../node/shell.ts";
import { endedByOthers, ownersOf, type Put, putChange, samePid } from "../paxos/kv_register.ts";
import type { HandoverReply, HandoverRequest } from "../paxos/messages.ts";
import type { Binding, OperationId, Pid, RegisterId } from "../paxos/register.ts";
import { parseSession } from "../paxos/sessions.ts";
import type { ProcessTable } from "../owners/process_table.ts";
import { notTaken, pidEnded } from "./reasons.ts";
import { Handovers } from "./handovers.ts";
import type { PutOutcome } from "./store.ts";

/** A put that is checked and encoded, ready to be proposed. */
export interface ReadyPut {
  readonly op: OperationId;
  readonly register: RegisterId;
  readonly value: Uint8Array;
  readonly bindings: readonly Binding[];
}

/** The reason with which questions about a handed-over put end. */
const OVER = new Error("The handed-over put has ended");

/** The error of a put that gets no answer. */
const MALFORMED = new Error("The handed-over put has a counter above this node's clock");

/** No state that was found had ended. */
const NONE_ENDED: ReadonlySet<number> = new Set();

const INVALID: HandoverReply = { type: "handed", outcome: "invalid_value" };
const UNKNOWN: HandoverReply = { type: "handed", outcome: "no_quorum" };

/** Proposes puts; a put bound to a process of another node is handed over to that node. */
export class Puts {
  readonly #core: Core;
  readonly #processes: ProcessTable;
  readonly #handovers = new Handovers<HandoverReply>();

  /** Proposes with `core`, on behalf of `processes`. */
  constructor(core: Core, processes: ProcessTable) {
    this.#core = core;
    this.#processes = processes;
  }

  /**
   * Runs `put` at the node that has to run it. Rejects with `no_quorum` if no quorum answers by the deadline.
   * Calls `writing` before the put can first take effect.
   */
  run(put: ReadyPut, limits: Limits, writing: () => void): Promise<PutOutcome> {
    const pid = pidOf(put.bindings);
    const isElsewhere = pid !== undefined && pid.node !== this.#core.self;
    return isElsewhere
      ? this.handOver(put, pid, limits, writing)
      : this.#propose(put, pid, limits, writing);
  }

  /** Answers a node that handed a put over: each operation is run once, however often it is requested. */
  handover(request: HandoverRequest): Promise<HandoverReply> {
    const { op, pid, register, value, bindings, timeout, since } = request;
    // The header of the frame carries the asker's clock, so a correct counter is never above this node's.
    if (since > this.#core.clock.counter) return Promise.reject(MALFORMED);
    const result = this.#handovers.once(op, since, async (): Promise<HandoverReply> => {
      const bound = pidOf(bindings);
      if (bound === undefined || !samePid(bound, pid)) return INVALID;
      const { maxValueBytes } = this.#core;
      if (!isPutOf(register, value, maxValueBytes)) return INVALID;
      // An earlier life of this node may have run it.
      if (parseSession(pid.session).life !== this.#core.life) return UNKNOWN;
      const limits = this.#core.limits(timeout);
      try {
        const outcome = await this.#propose({ op, register, value, bindings }, pid, limits);
        if (outcome.kind === "unknown") return { type: "handed", outcome: "no_quorum" };
        if (outcome.kind === "invalid_value") return { type: "handed", outcome: "invalid_value" };
        const { value: agreed, token, mine } = outcome;
        return { type: "handed", outcome: mine ? "written" : "found", value: agreed, token };
      } catch (error) {
        const full = error instanceof SynodError && error.code === "full";
        return { type: "handed", outcome: full ? "full" : "no_quorum" };
      }
    });
    return result ?? Promise.resolve(UNKNOWN);
  }

  async #propose(
    ready: ReadyPut,
    pid: Pid | undefined,
    limits: Limits,
    writing?: () => void,
  ): Promise<PutOutcome> {
    const { proposals, liveness, session, settled, self } = this.#core;
    const { op, register, value, bindings } = ready;
    const there = settled.get(register);
    if (there !== undefined) {
      return { kind: "agreed", value: there.value, token: there.token, mine: false };
    }
    const owner = pid && this.#processes.owner(pid);
    if (pid !== undefined && owner === undefined) {
      return { kind: "invalid_value", reason: pidEnded(pid) };
    }
    const own = ownSession(bindings, self);
    const put: Put = {
      op,
      value,
      bindings,
      owners: ownersOf(bindings),
      endedByOthers: endedByOthers(bindings, session.current),
    };
    const mayWrite = () => owner?.ended !== true && (own === undefined || session.isPossible(own));
    let ended = NONE_ENDED;
    const { generation } = settled;
    let wrote = false;
    /** Whether this put is known to have been chosen (`true`) or not (`false`). */
    let chosenForSure: boolean | undefined;
    try {
      for (;;) {
        const chosen = await proposals.change(register, putChange(put, ended, mayWrite), {
          ...limits,
          // Later rounds have seen what is there. What was handed over may have been tried elsewhere before. And what a
          // fast round finds may have replaced the value that it has sent, if others can end that.
          fast: writing !== undefined && !put.endedByOthers && put.firstAccept === undefined &&
            ended.size === 0 &&
            owner?.registers.has(register) !== true,
          valueBytes: value.length,
          // This node releases what its own sessions own.
          keepPromise: own !== undefined,
          writing: (ballot) => {
            put.firstAccept ??= ballot.counter;
            if (!wrote) {
              writing?.();
              owner?.writes(register);
            }
            wrote = true;
          },
        });
        const { result, stale } = chosen;
        if (result.kind === "written") {
          chosenForSure = true;
          if (chosen.state?.present) settled.note(register, chosen.state, generation);
          return { kind: "agreed", value, token: result.token, mine: true };
        }
        if (result.kind === "unknown") return { kind: "unknown" };
        if (result.kind === "lapsed") {
          if (put.firstAccept !== undefined) return { kind: "unknown" };
          const lost = `node ${self} has lost its session`;
          return { kind: "invalid_value", reason: pid === undefined ? lost : pidEnded(pid) };
        }
        const { state } = result;
        if (!await liveness.hasEnded(state, state === chosen.state ? stale : [], limits)) {
          chosenForSure = false;
          settled.note(register, state, generation);
          return { kind: "agreed", value: state.value, token: state.token, mine: false };
        }
        ended = new Set(ended).add(state.token);
      }
    } catch (error) {
      // `full` for a later attempt says nothing about the effect of the earlier ones.
      const full = error instanceof SynodError && error.code === "full";
      if (full && put.firstAccept !== undefined) return { kind: "unknown" };
      throw error;
    } finally {
      if (owner !== undefined && wrote) {
        if (chosenForSure === undefined) owner.lost(register);
        else owner.knows(register, chosenForSure);
        this.#processes.wrote(owner);
      }
    }
  }

  /**
   * Has the node of `pid` run a put that is bound to it. `since` is at or below the counter that the put was made
   * at: of a put that is handed over again it must be the same.
   */
  async handOver(
    put: ReadyPut,
    pid: Pid,
    limits: Limits,
    writing: () => void,
    since: number = this.#core.clock.next(),
  ): Promise<PutOutcome> {
    const { runtime, queries } = this.#core;
    // Only before the hand-over can the put be reported to have no effect.
    if (await queries.sessionOf(pid.node, limits) !== pid.session) {
      return { kind: "invalid_value", reason: pidEnded(pid) };
    }
    writing();
    const timeout = Math.min(
      MAX_TIMEOUT,
      Math.max(1, Math.ceil(limits.deadline - runtime.now())),
    );
    const { op, register, value, bindings } = put;
    const reply = await this.#askOne(pid.node, limits, {
      type: "handover",
      op,
      pid,
      register,
      value,
      bindings,
      timeout,
      since,
    });
    switch (reply.outcome) {
      case "written":
      case "found": {
        const mine = reply.outcome === "written";
        return { kind: "agreed", value: reply.value, token: reply.token, mine };
      }
      case "full":
        throw new SynodError("full", "No room for a new key: maxKeys is reached");
      case "no_quorum":
        return { kind: "unknown" };
      case "invalid_value":
        return { kind: "invalid_value", reason: notTaken(pid, value.length) };
    }
  }

  /** Asks one node, member or client, until it answers. */
  #askOne(node: string, limits: Limits, request: HandoverRequest): Promise<HandoverReply> {
    const { runtime, queries } = this.#core;
    const operation = this.#core.operation<HandoverReply>(limits);
    if (operation.ended) return operation.promise;
    const handover = this.#core.peerRequest(node, (reply) => {
      if (reply.type === "handed") operation.resolve(reply);
    });
    let cancelTimer = () => {};
    const over = new AbortController();
    const ask = (attempt: number) => {
      handover.send(request);
      // A node that vanished never answers: the outcome of the put is unknown then.
      if (attempt > 0 && attempt % 8 === 0) {
        queries.sessionOf(node, { ...this.#core.limits(), signal: over.signal }).then(
          (session) => {
            if (session !== request.pid.session) operation.resolve(UNKNOWN);
          },
          () => {},
        );
      }
      cancelTimer = runtime.setTimer(
        () => ask(attempt + 1),
        this.#core.pacing.resend(attempt),
      );
    };
    operation.onEnd(() => {
      cancelTimer();
      over.abort(OVER);
      handover.close();
    });
    ask(0);
    return operation.promise;
  }
}

function pidOf(bindings: readonly Binding[]): Pid | undefined {
  for (const binding of bindings) if (binding.kind === "pid") return binding.pid;
}

/** The session of this node that a value depends on, if any. */
function ownSession(bindings: readonly Binding[], self: string): string | undefined {
  return ownersOf(bindings).find((owner) => owner.startsWith(`${self}/`));
}
