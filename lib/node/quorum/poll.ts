import type { Reply, Request } from "../../paxos/messages.ts";
import type { Sender } from "../../paxos/quorum.ts";
import type { Engine } from "../engine/engine.ts";
import type { Limits } from "../runtime/operation.ts";
import type { Pacing } from "../runtime/pacing.ts";

type WithoutId<R> = R extends unknown ? Omit<R, "id"> : never;

/** A request before it has a number. */
export type Question = WithoutId<Request>;

/** Something that is asked of all members until the answers tell enough. */
export interface Poll<T> extends Limits {
  readonly question: Question;
  /** Who is asked; all members unless it is given. */
  readonly members?: readonly string[];
  /** Takes an answer; what it returns, unless `undefined`, is the outcome. */
  readonly receive: (sender: Sender, reply: Reply) => T | undefined;
  /** The members that have not answered; they are asked again after a while. */
  readonly missing: () => readonly string[];
  /** Called when some have not answered for a while: an outcome to make do with, if there is one. */
  readonly undecided?: () => T | undefined;
  /** Called before each asking; if it says `true`, answers to earlier askings do not count any more. */
  readonly asking?: () => boolean;
}

/** Asks all members, again and again those that do not answer, until there is an outcome. */
export function poll<T>(engine: Engine, pacing: Pacing, options: Poll<T>): Promise<T> {
  const { runtime, calls } = engine;
  const operation = engine.operation<T>(options);
  if (operation.ended) return operation.promise;
  let question: number | undefined;
  let cancelTimer = () => {};
  const ask = (attempt: number) => {
    const anew = options.asking?.() === true || question === undefined;
    if (anew) open();
    const to = anew ? options.members ?? engine.members : options.missing();
    engine.ask(to, { id: question!, ...options.question } as Request);
    cancelTimer = runtime.setTimer(() => {
      const outcome = options.undecided?.();
      if (outcome === undefined) ask(attempt + 1);
      else operation.resolve(outcome);
    }, pacing.resend(attempt));
  };
  const open = () => {
    if (question !== undefined) calls.close(question);
    const asked = runtime.now();
    question = calls.open((from, header, reply) => {
      const sender = engine.sender(from, header);
      if (sender === undefined || !engine.members.includes(from)) return;
      const outcome = options.receive(sender, reply);
      if (outcome === undefined) return;
      pacing.measured(runtime.now() - asked);
      operation.resolve(outcome);
    });
  };
  const leave = engine.gate.enter(() => ask(0));
  operation.onEnd(() => {
    leave();
    cancelTimer();
    if (question !== undefined) calls.close(question);
  });
  return operation.promise;
}
