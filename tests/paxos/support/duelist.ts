import { LamportClock } from "../../../lib/paxos/ballot.ts";
import type { RegisterReply, RegisterRequest } from "../../../lib/paxos/messages.ts";
import type { Chosen, RegisterChange } from "../../../lib/paxos/change.ts";
import { Proposer } from "../../../lib/paxos/proposer.ts";
import type { Sender } from "../../../lib/paxos/quorum.ts";
import { QuorumRead } from "../../../lib/paxos/quorum_read.ts";
import { REGISTER } from "./changes.ts";
import { showBallot, showReply, showRequest, showState } from "./notation.ts";

/** A participant of a duel: it proposes a change, or reads if it has none. */
export interface Duelist {
  /** One letter. */
  readonly life: string;
  readonly change?: RegisterChange<unknown>;
  /** Most attempts; a further one begins only after a nack. */
  readonly attempts: number;
}

/** The history of one duelist; `inputs` alone determine it. */
export interface Local {
  readonly inputs: readonly Input[];
  readonly requests: readonly RegisterRequest[];
  readonly attempts: number;
  readonly mayStart: boolean;
  readonly done: Chosen<unknown> | undefined;
  /** Its visible state, apart from which member answered what. */
  readonly visible: string;
  /** For each member, its answer in the running phase, and whether it is to be asked again. */
  readonly heard: readonly string[];
}

/** An input of a duelist. */
export type Input = "start" | {
  /** The index of the duelist's request that it answers. */
  readonly request: number;
  readonly member: string;
  readonly reply: RegisterReply;
};

/** The state of a duelist after these inputs. */
export function run(members: readonly string[], duelist: Duelist, inputs: readonly Input[]): Local {
  return duelist.change === undefined
    ? runReader(members, inputs)
    : runProposer(members, duelist, duelist.change, inputs);
}

function runProposer(
  members: readonly string[],
  { life, attempts: most }: Duelist,
  change: RegisterChange<unknown>,
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
  // In the last attempt, nacks have no effect any more.
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
  const reader = new QuorumRead(members);
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

/** The answers of `member` to a request, without nacks; each answer once, in any order. */
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
