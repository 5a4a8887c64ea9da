import { Acceptor, type AcceptorOptions } from "../../../lib/paxos/acceptor.ts";
import type { Ballot } from "../../../lib/paxos/ballot.ts";
import type { RegisterRequest } from "../../../lib/paxos/messages.ts";
import type { State } from "../../../lib/paxos/register.ts";
import { bytes } from "./changes.ts";
import { showReply } from "./notation.ts";

/** The sender of the requests. */
export const asker = { node: "n", life: "l" };

/** An acceptor with room, without a floor, and with sessions that never end, unless `options` differ. */
export function makeAcceptor(options: Partial<AcceptorOptions> = {}): Acceptor {
  return new Acceptor({
    maxKeys: 1_000,
    maxBytes: Infinity,
    floor: 0,
    isStale: () => false,
    ...options,
  });
}

/** `3p`: counter 3 of life p. */
export function ballot(text: string): Ballot {
  return { counter: Number(text.slice(0, -1)), life: text.slice(-1) };
}

/** A present state, bound to the nodes with the sessions `owners`. */
export function value(text: string, token: number, owners: string[] = []): State {
  return {
    present: true,
    token,
    over: 0,
    op: `op ${text}`,
    value: bytes(text),
    bindings: owners.map((session) => ({ kind: "node", session })),
    owners,
  };
}

/** A tombstone. */
export const absent = (token: number): State => ({ present: false, token });
/** `prepare`, at a ballot written as `3p`. */
export const prepare = (at: string, register = "k1"): RegisterRequest => ({
  type: "prepare",
  register,
  ballot: ballot(at),
});
/** `accept`, at a ballot written as `3p`. */
export const accept = (
  at: string,
  state: State,
  register = "k1",
  next = false,
  fallback: number | null = null,
): RegisterRequest => ({
  type: "accept",
  register,
  ballot: ballot(at),
  state,
  next,
  fallback,
});
/** `read`. */
export const read = (register = "k1"): RegisterRequest => ({ type: "read", register });
/** `forget`, of what was accepted at a ballot written as `3p`. */
export const forget = (at: string, register = "k1"): RegisterRequest => ({
  type: "forget",
  register,
  ballot: ballot(at),
});
/** `list`. */
export const list = (prefix: string, after = ""): RegisterRequest => ({
  type: "list",
  prefix,
  after,
});

/** Requests and the answers to them, line by line. */
export function script(acceptor: Acceptor, now: number, ...requests: RegisterRequest[]): string[] {
  return requests.map((request) => {
    const { reply } = acceptor.handle(request, asker, now);
    return reply === undefined ? "-" : showReply(reply);
  });
}
