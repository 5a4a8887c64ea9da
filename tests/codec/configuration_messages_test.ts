// Runs in Deno alone: pure; frame_test.ts proves frames in each runtime.
import { assertEquals, assertGreaterOrEqual } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import { decodeFrame, encodeFrame, replySize, requestSize } from "../../lib/codec.ts";
import { MAX_KNOWN } from "../../lib/codec/genesis.ts";
import { MAX_MEMBERS } from "../../lib/codec/limits.ts";
import { type Configuration, firstConfiguration } from "../../lib/paxos/configuration.ts";
import { Incarnations } from "../../lib/paxos/incarnations.ts";
import type { Reply, Request } from "../../lib/paxos/messages.ts";
import { CLOCK, EMPTY, LIFE, OTHER, REGISTER } from "./support/frames.ts";
import { replyIs, requestIs, spoils, spoilsField } from "./support/spoil.ts";

const MEMBER = { id: "a", life: LIFE, since: 0 };

const CONFIGURATION: Configuration = {
  epoch: 3,
  members: [MEMBER, { id: "b", life: OTHER, since: 2 }],
  joining: null,
  leaving: { id: "c", life: LIFE },
  settled: false,
};
/** A life that has occurred in the frame is written as its number. */
const FIELD = [3, [["a", LIFE, 0], ["b", OTHER, 2]], null, ["c", 2], false];

const JOINING = { ...CONFIGURATION, joining: { id: "d", life: OTHER }, leaving: null };

/** What its teller has heard of. */
const INCARNATIONS = [["a", LIFE], ["d", OTHER], ["", LIFE]] as const;
const KNOWN = [["a", 2], ["d", 3], ["", 2]];

/** Changes of the field of incarnations, each of which is refused. */
const NOT_KNOWN: readonly unknown[] = [
  ...[null, {}, [["a"]], [["~a", LIFE]], [["", 0]], [["a", 0]], [["a", "short"]]],
  new Array(MAX_KNOWN + 1).fill(["a", LIFE]),
];

/** Changes of the field of a configuration, each of which is refused. */
const SPOILT: readonly unknown[] = [
  null,
  [],
  [3, [["a", LIFE, 0]], null, null],
  [-1, [["a", LIFE, 0]], null, null, true],
  [3, [], null, null, true],
  [3, [["~a", LIFE, 0]], null, null, true],
  [3, [["a", "", 0]], null, null, true],
  [3, [["a", LIFE, -1]], null, null, true],
  [3, [["a", LIFE]], null, null, true],
  [3, new Array(MAX_MEMBERS + 1).fill(["a", LIFE, 0]), null, null, true],
  [3, [["a", LIFE, 0]], ["d"], null, true],
  [3, [["a", LIFE, 0]], ["d", 0], null, true],
  [3, [["a", LIFE, 0]], null, ["~d", LIFE], true],
  [3, [["a", LIFE, 0]], null, null, 1],
];

describe("CONFIGURATION_REQUESTS (section 11)", () => {
  const news = { configuration: CONFIGURATION, incarnations: INCARNATIONS };
  const configure: Request = { id: 1, type: "configure", ...news };
  const stand: Request = { id: 1, type: "stand", above: LIFE };
  const inventory: Request = { id: 1, type: "inventory", after: REGISTER };

  it("have these fields", () => {
    requestIs(configure, [25, 1, FIELD, KNOWN]);
    requestIs({ ...configure, configuration: JOINING }, [
      ...[25, 1],
      [3, [["a", LIFE, 0], ["b", OTHER, 2]], ["d", 3], null, false],
      KNOWN,
    ]);
    requestIs({ id: 1, type: "incarnationOf", node: "d" }, [26, 1, "d"]);
    requestIs(stand, [27, 1, LIFE]);
    requestIs({ ...stand, above: "" }, [27, 1, 0]);
    requestIs(inventory, [28, 1, REGISTER]);
    requestIs({ ...inventory, after: "" }, [28, 1, ""]);
    requestIs({ id: 1, type: "raiseFloor", floor: CLOCK - 1 }, [29, 1, 1]);
  });

  it("refuse configurations, incarnations, nodes, lives and registers that are none", () => {
    spoilsField("requests", configure, 2, ...SPOILT);
    spoilsField("requests", configure, 3, ...NOT_KNOWN);
    spoilsField("requests", { id: 1, type: "incarnationOf", node: "d" }, 2, "~d", "", null, 1);
    spoilsField("requests", stand, 2, 1, 9, null, "short");
    spoilsField("requests", inventory, 2, "x", null, 0);
    spoilsField("requests", { id: 1, type: "raiseFloor", floor: CLOCK }, 2, "1", -(2 ** 53), 0.5);
  });
});

describe("CONFIGURATION_REPLIES (section 11)", () => {
  const news = { configuration: CONFIGURATION, incarnations: INCARNATIONS };
  const newer: Reply = { id: 1, type: "newerConfiguration", ...news };
  const listed: Reply = { id: 1, type: "inventoried", registers: [REGISTER], floor: CLOCK };

  it("have these fields", () => {
    replyIs({ id: 1, type: "configured", copied: true }, [25, 1, true]);
    replyIs(newer, [26, 1, FIELD, KNOWN]);
    replyIs({ id: 1, type: "unknownEpoch" }, [27, 1]);
    replyIs({ id: 1, type: "standing" }, [28, 1]);
    replyIs(listed, [29, 1, [REGISTER], 0]);
    replyIs({ ...listed, floor: 0 }, [29, 1, [REGISTER], null]);
    replyIs({ ...listed, floor: null }, [29, 1, [REGISTER], false]);
    replyIs({ id: 1, type: "raised" }, [30, 1]);
  });

  it("refuse configurations, incarnations, lists and floors that are none", () => {
    spoilsField("replies", { id: 1, type: "configured", copied: true }, 2, 1, null);
    spoilsField("replies", newer, 2, ...SPOILT);
    spoilsField("replies", newer, 3, ...NOT_KNOWN);
    spoilsField("replies", listed, 2, null, [""], [1]);
    spoilsField("replies", listed, 3, true, "0", 0.5);
  });

  it("the record names a configuration unless it is that of the genesis", () => {
    const record = { id: "g", lives: [LIFE], floor: 0, maxTtl: 9_000, clients: true };
    const reply: Reply = { id: 1, type: "record", members: ["a"], record };
    const fields = [14, 1, ["a"], ["g", [LIFE], null, 9_000, true]];
    replyIs(reply, fields);
    const later: Reply = {
      ...reply,
      configuration: { ...CONFIGURATION, members: [MEMBER] },
      incarnations: INCARNATIONS,
    };
    const known = [["a", 2], ["d", OTHER], ["", 2]];
    replyIs(later, [...fields, [3, [["a", 2, 0]], null, ["c", 2], false], known]);
    spoils("replies", reply, (fields) => fields.push(null));
    spoils("replies", later, (fields) => fields.pop());
    spoilsField("replies", later, 4, ...SPOILT);
    spoilsField("replies", later, 5, ...NOT_KNOWN);
  });
});

describe("what a node knows of former members", () => {
  it("is never too much for a frame, however many there were", () => {
    const known = new Incarnations();
    const configuration = firstConfiguration(["a"], [LIFE]);
    known.follow(configuration);
    for (let i = 0; i < 2_000; i++) known.raise(`f${i}`, `1${String(i).padStart(19, "0")}`);
    const last = { fenced: [], ended: [], over: [], floor: 0, vector: known.entries, wait: 0 };
    const piece = { id: 1, type: "piece", announcement: 1, registers: [] } as const;
    const news = { id: 2, type: "newerConfiguration", configuration } as const;
    const replies: Reply[] = [
      { ...piece, last: { ...last, former: known.rest } },
      { ...news, incarnations: known.all },
    ];
    const decoded = decodeFrame(encodeFrame({ ...EMPTY, replies }));
    assertEquals(decoded.ok && decoded.frame.replies, replies);
  });
});

describe("the sizes of messages about changes of the members", () => {
  const life = (index: number) => String(index).padStart(20, "0");
  const members = Array.from({ length: MAX_MEMBERS }, (_, index) => ({
    id: String(index).padStart(64, "n"),
    life: life(index),
    since: 2 ** 40,
  }));
  const configuration = { ...CONFIGURATION, members, leaving: members[0] };
  const incarnations = Array.from(
    { length: MAX_KNOWN },
    (_, index) => [String(index).padStart(64, "f"), life(MAX_MEMBERS + index)] as const,
  );
  const record = { id: "g", lives: [], floor: 0, maxTtl: 9_000, clients: true };
  const registers = Array.from({ length: 1_000 }, (_, index) => `${REGISTER}${index}`);

  it("are not below the bytes that they take", () => {
    const request: Request = { id: 1, type: "configure", configuration, incarnations };
    const bytes = encodeFrame({ ...EMPTY, requests: [request] }).length;
    assertGreaterOrEqual(requestSize(request), bytes - encodeFrame(EMPTY).length);
    for (
      const reply of [
        { id: 1, type: "newerConfiguration", configuration, incarnations },
        { id: 1, type: "record", members: [], record, configuration, incarnations },
        { id: 1, type: "inventoried", registers, floor: null },
      ] as const
    ) {
      const bytes = encodeFrame({ ...EMPTY, replies: [reply] }).length;
      assertGreaterOrEqual(replySize(reply), bytes - encodeFrame(EMPTY).length, reply.type);
    }
  });
});
