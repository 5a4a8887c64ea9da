import { describe, it } from "@std/testing/bdd";
import { assertEquals } from "@std/assert";
import type { DownMessage, GuestOutcome } from "../../lib/codec/guest_messages.ts";
import { GuestHandovers } from "../../lib/gateway/guest_handovers.ts";
import type { HandoverReply, HandoverRequest } from "../../lib/paxos/messages.ts";

const LIFE = "-P70F6sqFhqk35ea00oQ";
const VALUE = Uint8Array.of(1);
const REQUEST: HandoverRequest = {
  type: "handover",
  op: `${LIFE}/1`,
  register: "k",
  value: VALUE,
  pid: { node: "~x", session: `~x/${LIFE}/3`, seq: 4 },
  since: 12,
  bindings: [
    { kind: "pid", pid: { node: "~x", session: `~x/${LIFE}/3`, seq: 4 } },
    { kind: "pid", pid: { node: "w1", session: `w1/${LIFE}/5`, seq: 6 } },
    { kind: "node", session: `w1/${LIFE}/5` },
    { kind: "key", register: "k2", token: 7 },
    { kind: "until", time: 8 },
  ],
  timeout: 500,
};

/** The puts that the guest `~x` was asked for, and the replies to those who asked. */
function start() {
  const sent: DownMessage[] = [];
  const replies: HandoverReply[] = [];
  const handovers = new GuestHandovers("~x", (message) => sent.push(message));
  const ask = () => handovers.ask(REQUEST, (reply) => replies.push(reply));
  return { handovers, sent, replies, ask };
}

describe("GuestHandovers (section 13)", () => {
  it("asks the guest with its own names: a process of the guest is its own", () => {
    const { sent, ask } = start();
    ask();
    assertEquals(sent, [{
      type: "handover",
      id: 1,
      op: `${LIFE}/1`,
      register: "k",
      value: VALUE,
      bindings: [
        { type: "ownPid", session: 3, seq: 4 },
        { type: "pid", session: `w1/${LIFE}/5`, seq: 6 },
        { type: "session", session: `w1/${LIFE}/5` },
        { type: "token", register: "k2", token: 7 },
        { type: "until", time: 8 },
      ],
      timeout: 500,
      since: 12,
    }]);
  });

  const other = Uint8Array.of(2);
  const outcomes: [GuestOutcome, HandoverReply][] = [
    [{ type: "agreed", token: 9, value: null }, {
      ...{ type: "handed", outcome: "written", value: VALUE, token: 9 },
    }],
    [{ type: "agreed", token: 9, value: other }, {
      ...{ type: "handed", outcome: "found", value: other, token: 9 },
    }],
    [{ type: "invalid", reason: "it has ended" }, { type: "handed", outcome: "invalid_value" }],
    [{ type: "unknown" }, { type: "handed", outcome: "no_quorum" }],
  ];
  for (const [outcome, reply] of outcomes) {
    it(`passes the answer on, once: ${reply.outcome}`, () => {
      const { handovers, replies, ask } = start();
      ask();
      handovers.answered(1, outcome);
      handovers.answered(1, outcome);
      handovers.answered(2, outcome);
      assertEquals(replies, [reply]);
    });
  }

  it("asks for at most 1,000 at a time, and for none that was given up", () => {
    const { handovers, sent, replies, ask } = start();
    for (let i = 0; i < 1_001; i++) ask();
    assertEquals(sent.length, 1_000);
    handovers.answered(1, { type: "unknown" });
    ask();
    assertEquals([sent.length, replies.length], [1_001, 1]);
    handovers.clear();
    handovers.answered(2, { type: "unknown" });
    assertEquals(replies.length, 1);
    ask();
    assertEquals(sent.length, 1_002);
  });
});
