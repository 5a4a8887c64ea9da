import type { Reply, Request } from "../../paxos/messages.ts";
import type { Sender } from "../../paxos/quorum.ts";
import type { Engine } from "../engine/engine.ts";
import type { Limits } from "../runtime/operation.ts";
import type { Pacing } from "../runtime/pacing.ts";

type WithoutId<R> = R extends unknown ? Omit<R, "id"> : never;

/** A request before it has a number. */
export type UnnumberedRequest = WithoutId<Request>;

/** Shortest wait for the rest of the members, in milliseconds: timers are no more exact. */
const LEAST_WAIT = 1;

/** A question to all members of one configuration that is open until the answers suffice. */
export interface PollOptions<T> {
  readonly request: UnnumberedRequest;
  /** The members that are asked; all of them by default. */
  readonly members?: readonly string[];
  /**
   * Takes an answer to a request of `round`. A returned value other than `undefined` is the
   * outcome.
   */
  readonly receive: (sender: Sender, reply: Reply, round: number) => T | undefined;
  /** The members that have not answered; they are asked again after a while. */
  readonly missing: () => readonly string[];
  /**
   * Called when some members have not answered for a while: returns an outcome to accept in that case, if there
   * is one.
   */
  readonly undecided?: () => T | undefined;
  /**
   * Whether the outcome of `undecided` counts now, once the others have had as much time again as it took until now.
   */
  readonly waits?: () => boolean;
  /**
   * Called before each request; returns the number of its round. In a new round all members are asked again;
   * answers are passed on with the number of their round.
   */
  readonly round?: () => number;
  /** Whether members may not answer before a time has come: then the answer tells nothing about the network. */
  readonly mayBeHeldBack?: boolean;
  /** Milliseconds for which answers to an earlier round still count; 0 by default. */
  readonly answersCountFor?: number;
}

/**
 * Asks all members, and those that do not answer again and again, until there is an outcome. `question` makes the
 * question, with nothing counted yet: once, and again whenever the members have changed.
 */
export function poll<T>(
  engine: Engine,
  pacing: Pacing,
  limits: Limits,
  question: (members: readonly string[]) => PollOptions<T>,
): Promise<T> {
  const { runtime, pendingReplies } = engine;
  const operation = engine.operation<T>(limits);
  if (operation.ended) return operation.promise;
  let options = question(engine.members);
  /** The attempts that may still be answered, oldest first. */
  const open: { readonly number: number; readonly id: number; readonly asked: number }[] = [];
  let cancelTimer = () => {};
  let cancelWait: (() => void) | undefined;
  let sent = -Infinity;
  let place: ReturnType<Pacing["unanswered"]> | undefined;
  const ask = (attempt: number) => {
    const number = options.round?.() ?? 0;
    const isNewRound = open.at(-1)?.number !== number;
    if (isNewRound) begin(number);
    const to = isNewRound ? options.members ?? engine.members : options.missing();
    sent = runtime.now();
    engine.ask(to, { ...options.request, id: open.at(-1)!.id } as Request);
    cancelTimer = runtime.setTimer(() => {
      const outcome = options.undecided?.();
      if (outcome === undefined) ask(attempt + 1);
      else operation.resolve(outcome);
    }, pacing.resend(attempt));
  };
  const begin = (number: number) => {
    const asked = runtime.now();
    const tooOld = asked - (options.answersCountFor ?? 0);
    while (open.length > 0 && open[0].asked <= tooOld) pendingReplies.close(open.shift()!.id);
    const id = pendingReplies.open((from, header, reply) => {
      const sender = engine.sender(from, header);
      if (sender === undefined) return;
      const outcome = options.receive(sender, reply, number);
      if (outcome === undefined) {
        if (options.waits?.() === true) waitForRest(asked);
        return;
      }
      if (options.mayBeHeldBack !== true) pacing.measured(runtime.now() - asked);
      operation.resolve(outcome);
    });
    open.push({ number, id, asked });
  };
  const waitForRest = (asked: number) => {
    cancelWait ??= runtime.setTimer(() => {
      const outcome = options.waits?.() === true ? options.undecided?.() : undefined;
      if (outcome !== undefined) operation.resolve(outcome);
      cancelWait = undefined;
    }, Math.max(LEAST_WAIT, runtime.now() - asked));
  };
  const askAgain = (mayHaveBeenOpen: boolean) => {
    if (mayHaveBeenOpen && !pacing.isOverdue(sent)) return;
    cancelTimer();
    ask(0);
  };
  let isAsked = false;
  const beginAgain = () => {
    for (const { id } of open.splice(0)) pendingReplies.close(id);
    cancelTimer();
    cancelWait?.();
    cancelWait = undefined;
    options = question(engine.members);
    if (isAsked) ask(0);
  };
  const leave = engine.gate.enter(() => {
    isAsked = true;
    ask(0);
    place = pacing.unanswered(askAgain);
  });
  const bound = engine.attempts.bind(beginAgain);
  operation.onEnd(() => {
    leave();
    engine.attempts.release(bound);
    if (place !== undefined) pacing.answered(place);
    cancelTimer();
    cancelWait?.();
    for (const { id } of open) pendingReplies.close(id);
  });
  return operation.promise;
}
