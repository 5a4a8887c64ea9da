import { LamportClock } from "../../lib/paxos/ballot.ts";
import type { RegisterReply, RegisterRequest } from "../../lib/paxos/messages.ts";
import { type Change, type Chosen, Proposer } from "../../lib/paxos/proposer.ts";
import type { Sender } from "../../lib/paxos/quorum.ts";
import { Reader } from "../../lib/paxos/reader.ts";
import { REGISTER } from "./changes.ts";
import { showBallot, showReply, showRequest, showState } from "./notation.ts";

/** Somebody who takes part in a duel: proposes a change, or without one reads. */
export interface Duelist {
  /** One letter. */
  readonly life: string;
  readonly change?: Change<unknown>;
  /** How often it begins an attempt at most: again only after it was refused. */
  readonly attempts: number;
}

/** What one duelist has been through; `inputs` alone decide it. */
export interface Local {
  readonly inputs: readonly Input[];
  readonly requests: readonly RegisterRequest[];
  readonly attempts: number;
  readonly mayStart: boolean;
  readonly done: Chosen<unknown> | undefined;
  /** Everything that can be seen of it from outside, apart from who answered what. */
  readonly visible: string;
  /** For each member, what it answered in the running phase, and whether it is to be asked again. */
  readonly heard: readonly string[];
}

/** What happens to a duelist. */
export type Input = "start" | {
  /** Which of the duelist's requests it answers. */
  readonly request: number;
  readonly member: string;
  readonly reply: RegisterReply;
};

/** What becomes of a duelist by these inputs. */
export function run(members: readonly string[], duelist: Duelist, inputs: readonly Input[]): Local {
  return duelist.change === undefined
    ? runReader(members, inputs)
    : runProposer(members, duelist, duelist.change, inputs);
}

function runProposer(
  members: readonly string[],
  { life, attempts: most }: Duelist,
  change: Change<unknown>,
  inputs: readonly Input[],
): Local {
  const clock = new LamportClock();
  const proposer = new Proposer({ register: REGISTER, members, clock, life, change });
  const requests: RegisterRequest[] = [];
  let attempts = 0;
  let mayStart = true;
  let done: Chosen<unknown> | undefined;
  for (const input of inputs) {
    const step = input === "start"
      ? proposer.start()
      : proposer.receive(requests[input.request], senderOf(members, input.member), input.reply);
    if (input === "start") {
      attempts++;
      mayStart = false;
    }
    if (step?.do === "send") requests.push(step.request);
    if (step?.do === "retry" || step?.do === "restart") mayStart = true;
    if (step?.do === "done") done = step.chosen;
  }
  const again = proposer.unanswered();
  mayStart &&= done === undefined && attempts < most;
  // In the last attempt, refusals mean nothing any more.
  const isLast = attempts === most;
  const heard = members.map((member) => {
    if (done !== undefined) return "";
    const counted = answersOf(member, inputs, requests.length - 1);
    return isLast || again?.members.includes(member) ? counted : `${counted}!`;
  });
  const visible = [
    ...requests.map(showRequest),
    isLast ? "last" : `clock ${clock.counter}, ${mayStart}`,
    done ? `done, ${showState(done.state)} at ${showBallot(done.ballot)}` : "-",
  ].join("; ");
  return { inputs, requests, attempts, mayStart, done, visible, heard };
}

function runReader(members: readonly string[], inputs: readonly Input[]): Local {
  const reader = new Reader(members);
  let started = false;
  let done: Chosen<unknown> | undefined;
  let unsure = false;
  for (const input of inputs) {
    if (input === "start") {
      started = true;
      continue;
    }
    if (done !== undefined || unsure) continue;
    const outcome = reader.receive(senderOf(members, input.member), input.reply);
    if (outcome?.sure) done = outcome.chosen;
    if (outcome?.sure === false) unsure = true;
  }
  const found = done ? `${showState(done.state)} at ${showBallot(done.ballot)}` : "-";
  const isOver = done !== undefined || unsure;
  return {
    inputs,
    requests: started ? [{ type: "read", register: REGISTER }] : [],
    attempts: started ? 1 : 0,
    mayStart: !started,
    done,
    visible: `reads ${started}, ${unsure}, ${found}`,
    heard: members.map((member) => isOver ? "" : answersOf(member, inputs, 0)),
  };
}

/** What `member` answered to a request, refusals aside; each answer once, in any order. */
function answersOf(member: string, inputs: readonly Input[], request: number): string {
  const answers = new Set<string>();
  for (const input of inputs) {
    if (input === "start" || input.member !== member || input.request !== request) continue;
    if (input.reply.type !== "nack") answers.add(showReply(input.reply));
  }
  return [...answers].sort().join();
}

function senderOf(members: readonly string[], member: string): Sender {
  return { member, incarnation: "1", vector: members.map(() => "1") };
}
