import type { Life } from "../../paxos/ballot.ts";
import type { PersonalReply } from "../../paxos/messages.ts";
import type { Limits, Operation } from "../runtime/operation.ts";
import type { Pacing } from "../runtime/pacing.ts";
import type { Runtime } from "../runtime/runtime.ts";
import type { PeerRequest } from "./peer_request.ts";

/** What a node needs to ask another one: its core has it. */
export interface Asking {
  readonly runtime: Runtime;
  readonly pacing: Pacing;
  operation<T>(limits: Limits): Operation<T>;
  peerRequest(to: string, take: (reply: PersonalReply, life: Life) => void): PeerRequest;
}

/**
 * Asks the features of one node, by any route that reaches it, until `read` makes something of an answer: an answer of
 * which it makes nothing, or for which it throws, is none. Rejects at the deadline, and with what ends an operation.
 */
export async function askNode<T>(
  core: Asking,
  to: string,
  body: Uint8Array,
  limits: Limits,
  read: (body: Uint8Array, life: Life) => T | undefined,
): Promise<T> {
  const { runtime, pacing } = core;
  const operation = core.operation<T>(limits);
  const question = core.peerRequest(to, (reply, life) => {
    if (reply.type !== "told") return;
    try {
      const answer = read(reply.body, life);
      if (answer !== undefined) operation.resolve(answer);
    } catch {
      // An error would cost the other messages of the frame.
    }
  });
  let cancel = () => {};
  const send = (attempt: number) => {
    question.send({ type: "ask", body });
    cancel = runtime.setTimer(() => send(attempt + 1), pacing.resend(attempt));
  };
  operation.onEnd(() => {
    cancel();
    question.close();
  });
  // The cleanup has run already if the signal has aborted, or the node has closed.
  if (!operation.ended) send(0);
  return await operation.promise;
}
