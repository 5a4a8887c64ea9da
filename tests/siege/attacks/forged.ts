import { encodeValue, registerId } from "../../../lib/codec.ts";
import { FORMAT_VERSION } from "../../../lib/codec.ts";
import { MAX_COUNTER } from "../../../lib/paxos/ballot.ts";
import type { Header, Reply, Request } from "../../../lib/paxos/messages.ts";
import type { Present } from "../../../lib/paxos/register.ts";
import { frameOf, laterLife } from "../../support/frames.ts";
import { MEMBERS, SETTLED } from "../shared.ts";

/** Frames that say what their sender may not say. `genesis` is that of the cluster. */
export type Forge = (genesis: string) => Uint8Array[];

const LAST = MAX_COUNTER - 1;
const later = laterLife();
const beyond = { counter: LAST, life: later };
const settled = registerId("k", undefined, SETTLED);

type Bare<T> = T extends unknown ? Omit<T, "id"> : never;

function said(header: Partial<Header>, requests: Bare<Request>[], replies: Bare<Reply>[] = []) {
  return frameOf({ life: later, ...header }, {
    requests: requests.map((request, id) => ({ ...request, id: id + 1 }) as Request),
    replies: replies.map((reply, id) => ({ ...reply, id: id + 1 }) as Reply),
    repliesTo: replies.length > 0 ? later : null,
  });
}

const vector = MEMBERS.map(() => later);

const value = (bytes: number): Present => ({
  ...{ present: true, token: LAST, over: 0, op: `${later}/1` },
  ...{ value: encodeValue(new Uint8Array(bytes), Infinity), bindings: [], owners: [] },
});

const many = (count: number) => Array.from({ length: count }, (_, index) => index);

/** Frames of the protocol, by what they would do to a node that believed them. */
export const FORGED: Readonly<Record<string, Forge>> = {
  "a clock of 2^52 - 1": (genesis) => [said({ clock: LAST, genesis }, [])],
  "a crash vector with later lives": (genesis) => [
    said({ genesis, incarnation: later, vector }, []),
    said({ genesis, incarnation: later, vector }, [{ type: "read", register: settled }]),
  ],
  "three prepares at the last ballot of a key": (genesis) =>
    many(3).map(() => said({ genesis }, [{ type: "prepare", register: settled, ballot: beyond }])),
  "an old list of members, asked for": (genesis) => [
    said({ genesis }, [
      { type: "enquire", members: ["m1", "m9"], purpose: "genesis", round: 1 },
      { type: "enquire", members: ["m1", "m9"], purpose: "givingUp", round: 2 },
      { type: "incarnation", members: ["m1", "m9"] },
    ]),
  ],
  "an old list of members, answered": (genesis) => [
    said({ genesis }, [], [{ type: "membersMismatch", members: ["m1", "m9"] }]),
  ],
  "an accept over a settled key": (genesis) => [
    said({ genesis }, [{
      ...{ type: "accept", register: settled, next: true, fallback: null },
      ...{ ballot: beyond, state: value(10) },
    }]),
  ],
  "accepts of keys without end": (genesis) => [
    said(
      { genesis },
      many(900).map((index) => ({
        type: "accept" as const,
        register: registerId("k", undefined, `taken ${index} ${Math.random()}`),
        ...{ next: false, fallback: null, ballot: beyond, state: value(10) },
      })),
    ),
  ],
  "accepts of values of 10 MiB": (genesis) => [
    said({ genesis }, [{
      type: "accept",
      register: registerId("k", undefined, "long"),
      ...{ next: false, fallback: null, ballot: beyond, state: value(10 * 2 ** 20) },
    }]),
  ],
  "answers to calls that others made": (genesis) => [
    said({ genesis }, [], many(900).map(() => ({ type: "told", body: encodeValue([1, 2], 100) }))),
  ],
  "answers to proposals that others made": (genesis) => [
    said(
      { genesis, incarnation: later, vector },
      [],
      many(900).map((index) =>
        index % 2 === 0 ? { type: "accepted", ballot: beyond } : { type: "nack", promised: beyond }
      ),
    ),
  ],
  "word that a member was replaced": (genesis) => [
    said({ genesis }, [], [{ type: "replaced" }, { type: "notAMember" }]),
    said({ genesis }, [{
      ...{ type: "transfer", members: MEMBERS, announcement: 1 },
      ...{ incarnation: later, after: "" },
    }]),
  ],
  "another genesis": () => [
    said({ genesis: "another" }, [], [{
      type: "record",
      members: MEMBERS,
      record: { id: "another", lives: vector, floor: LAST, maxTtl: 100, clients: false },
    }]),
  ],
  "the end of the sessions and lives of others": (genesis) => [
    said(
      { genesis },
      MEMBERS.flatMap((id): Bare<Request>[] => [
        { type: "end", session: `${id}/${later}/1` },
        { type: "fence", session: `${id}/${later}/1` },
        { type: "over", life: later },
        { type: "forget", register: settled, ballot: beyond },
      ]),
    ),
  ],
  "messages as if relayed by a member": (genesis) => [
    said({ genesis }, [{
      ...{ type: "relayed", from: "m2", life: later },
      payload: {
        repliesTo: null,
        message: { id: 1, type: "ask", body: encodeValue([1], 100) },
      },
    }]),
  ],
  "copies of registers": (genesis) => [
    said({ genesis, incarnation: later, vector }, [], [{
      ...{ type: "piece", announcement: 1 },
      registers: [{
        register: settled,
        promised: beyond,
        accepted: { ballot: beyond, state: value(10) },
      }],
      last: {
        fenced: [],
        ended: [],
        over: [later],
        floor: LAST,
        vector,
        wait: 600_000,
        former: [],
      },
    }]),
  ],
  "a frame of another format": () => [Uint8Array.of(FORMAT_VERSION + 1, 0x80)],
  "a million lists in one another": () => [nested(1_000_000, 0x81)],
  "a bignum of 200 kB": () => [headed(200_000, 0xc2, 0x5a, 0, 0x03, 0x0d, 0x40)],
  "a list of 2^32 items": () => [headed(1_000, 0x9b, 0, 0, 0, 1, 0, 0, 0, 0)],
};

function nested(length: number, head: number): Uint8Array {
  const frame = new Uint8Array(length).fill(head);
  frame[0] = FORMAT_VERSION;
  return frame;
}

function headed(length: number, ...head: number[]): Uint8Array {
  const frame = new Uint8Array(length);
  frame.set([FORMAT_VERSION, ...head]);
  return frame;
}
