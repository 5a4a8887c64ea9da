import type { Core } from "../node/core.ts";
import type { RegisterId } from "../paxos/register.ts";
import { singletonOf } from "../trace_names.ts";
import type { CallEvent, TraceCall } from "../trace.ts";
import type { ReceivedCall } from "./inbox.ts";

type Outcome = (CallEvent & { readonly type: "call.ended" })["outcome"];

/** Reports what becomes of one call for its caller; made only while there is a listener. */
export class CallTrace {
  readonly #core: Core;
  readonly #to: string;
  readonly #call: TraceCall;
  readonly #began: number;

  private constructor(core: Core, call: TraceCall, to: string) {
    this.#core = core;
    this.#to = to;
    this.#call = call;
    this.#began = core.runtime.now();
  }

  /** Reports a call that is sent to the node `to`; `undefined`: there is no listener. */
  static of(
    core: Core,
    { register, method }: { readonly register: RegisterId; readonly method: string },
    to: string,
  ): CallTrace | undefined {
    if (core.trace === undefined) return undefined;
    const trace = new CallTrace(core, { ...singletonOf(register), method }, to);
    core.trace({ type: "call.sent", ...trace.#call, to });
    return trace;
  }

  /** The call has ended for its caller. */
  ended(outcome: Outcome): void {
    const duration = this.#core.runtime.now() - this.#began;
    this.#core.trace?.({ type: "call.ended", ...this.#call, to: this.#to, outcome, duration });
  }
}

/** A call at its host that reports when it begins and ends, if there is a listener. */
export function traced(core: Core, received: ReceivedCall): ReceivedCall {
  if (core.trace === undefined) return received;
  const { call: { register, method }, node: from, begin, reply } = received;
  const call = { ...singletonOf(register), method, from };
  let began: number | undefined;
  return {
    ...received,
    begin: () => {
      began = core.runtime.now();
      core.trace?.({ type: "call.began", ...call });
      begin();
    },
    reply: (answer) => {
      if (began !== undefined && (answer.type === "returned" || answer.type === "threw")) {
        const duration = core.runtime.now() - began;
        core.trace?.({ type: "call.answered", ...call, outcome: answer.type, duration });
      }
      reply(answer);
    },
  };
}
