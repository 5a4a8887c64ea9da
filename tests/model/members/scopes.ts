import type { ClientOptions } from "../client.ts";
import { append, fast, read, release } from "../ingredients.ts";
import type { Change, ChangerOptions } from "./changer.ts";
import type { MembersScope } from "./world.ts";

/** A scope with its exact size, which shows a change that shrinks the search. */
export interface ExpectedMembers {
  readonly scope: MembersScope;
  readonly states: number;
  readonly transitions: number;
  /** A configuration that some state must show. */
  readonly reaches: string;
}

/** A client that changes the members. */
export function changer(
  name: string,
  clock: number,
  ...changes: readonly Change[]
): ChangerOptions {
  return { name, changes, attempts: 1, clock, abandons: false, waits: false };
}

/** `members` of the nodes 1, 2 and so on are members at the beginning, and these changes are made. */
export function changing(
  nodes: number,
  members: number,
  clients: readonly ClientOptions[],
  ...changes: readonly Change[]
): Omit<MembersScope, "name"> {
  return {
    nodes: Array.from({ length: nodes }, (_, index) => String(index + 1)),
    members,
    content: "x",
    clients,
    changers: [changer("x", 2, ...changes)],
    restarting: [],
    restarts: 0,
    loses: false,
    end: 0,
    script: [],
  };
}

const APPEND = [append("p", "a", 1, 1)];
/** An append above the counters of a change. */
export const LATE_APPEND = [append("p", "a", 1, 4)];
const RELEASE = [release("p", "x", 1)];

export const ADD = { add: "2" };
/** The first member is removed. */
export const REMOVE = { remove: "1" };

/** 2 joins, and has copied the memory of 1. */
export const SECOND_HAS_COPIED = [
  ...[
    "x begins",
    "x's incarnationOf reaches 1",
    "x's stand reaches 2",
    "x's prepare",
    "x's accept",
  ],
  ...["x's configure reaches 1", "x's configure reaches 2", "2's incarnation", "2's transfer"],
];

/** Both members know that 3 joins, and 3 has copied their memory. */
export const THIRD_HAS_COPIED = [
  "x begins",
  ...["x's incarnationOf reaches 1", "x's incarnationOf reaches 2", "x's stand reaches 3"],
  ...["x's prepare", "x's prepare", "x's accept", "x's accept"],
  ...["x's configure reaches 1", "x's configure reaches 2", "x's configure reaches 3"],
  ...["3's incarnation reaches 1", "3's incarnation reaches 2"],
  ...["3's transfer reaches 1", "3's transfer reaches 2", "x's configure reaches 3"],
];

/** 3 is admitted, and 1 and 3 know it; 2 does not. */
export const THIRD_IS_ADMITTED = [
  ...THIRD_HAS_COPIED,
  ...["x's prepare", "x's prepare", "x's accept", "x's accept"],
  ...["x's configure reaches 1", "x's configure reaches 3"],
];

/** And they have decided without it. */
export const FIRST_AND_THIRD_DECIDED = [
  ...THIRD_IS_ADMITTED,
  ...["p begins", "p's prepare k1 5 of 0 reaches 1"],
  ...["p's prepare", "p's prepare k1 6 of 2 reaches 3", "p's accept", "p's accept"],
];

/** Member 1 is removed with the votes of 1 and 3, and 3 knows it. */
export const FIRST_IS_REMOVED = [
  ...["x begins", "x's incarnationOf reaches 2", "x's incarnationOf reaches 3"],
  ...["x's prepare c\xf6\xf6 3 of 0 reaches 1", "x's prepare c\xf6\xf6 3 of 0 reaches 3"],
  ...["x's accept", "x's accept", "x's configure reaches 3"],
];

/** Member 2 is removed; 1 has settled that, and 2 does not know it. */
const SECOND_IS_REMOVED = [
  ...["x begins", "x's incarnationOf reaches 1", "x's prepare", "x's prepare"],
  ...["x's accept", "x's accept", "x's configure reaches 1", "x's inventory reaches 1"],
];

/** At the old epoch, 1 and 2 have taken an append. */
export const FIRST_AND_SECOND_WROTE = [
  ...["p begins", "p's prepare k1 5 of 0 reaches 1", "p's prepare k1 5 of 0 reaches 2"],
  ...["p's accept k1 5 of xa of 0 reaches 1", "p's accept k1 5 of xa of 0 reaches 2"],
];

/** What was there is released and forgotten. */
const FORGOTTEN = [
  ...["p begins", "p's prepare", "p's accept", "p's forget"],
];

/** The steps of a text at these nodes. */
export function at(step: string, ...nodes: readonly string[]): string[] {
  return nodes.map((node) => `${step} reaches ${node}`);
}

/** These nodes take ballot `counter` of x for a register. */
export function written(register: string, counter: number, ...nodes: readonly string[]): string[] {
  return [
    ...at(`x's prepare ${register} ${counter} of …`, ...nodes),
    ...at(`x's accept ${register} ${counter} of …`, ...nodes),
  ];
}

/** These nodes have a configuration, and what they hold is listed and swept. */
export function swept(counter: number, ...nodes: readonly string[]): string[] {
  return [
    ...[...at("x's configure", ...nodes), ...at("x's inventory", ...nodes)],
    ...[...at("x's raiseFloor", ...nodes), ...written("c\xf6\xf6", counter, ...nodes)],
    ...written("k1", counter + 1, ...nodes),
  ];
}

/** A member starts again at this epoch, and comes back with the help of these. */
function back(member: string, epoch: number, ...helpers: readonly string[]): string[] {
  return [
    ...[`${member} starts again`, `${member} hears of ${epoch}`],
    ...[...at(`${member}'s incarnation`, ...helpers), ...at(`${member}'s transfer`, ...helpers)],
  ];
}

/** With these nodes q appends at this epoch, and p knows it, too. */
function appended(epoch: number, ...nodes: readonly string[]): string[] {
  return [
    ...["p begins", `p's prepare k1 15 of 0 reaches ${nodes[0]}`],
    ...["q begins", `q's prepare k1 11 of 0 reaches ${nodes[0]}`],
    ...at(`q's prepare k1 12 of ${epoch}`, ...nodes),
    ...at(`q's accept k1 12 of … of ${epoch}`, ...nodes),
  ];
}

/** A fast round at the old epoch, which 2 and 3 have taken. */
const FAST_WROTE = [
  ...["p begins", "p's fast k1 5 of a of 0 reaches 2", "p's fast k1 5 of a of 0 reaches 3"],
];

/** The same at epoch 1, while 1 leaves; 1 alone has taken another one before that. */
const FAST_WHILE_LEAVING = [
  ...["q begins", "q's fast k1 12 of b of 0 reaches 1", ...FIRST_IS_REMOVED],
  ...["p hears of 1 23", "p begins", "p's fast k1 5 of a of 1 reaches 3"],
  ...["2 hears of 1 23", "p's fast k1 5 of a of 1 reaches 2"],
];

/** 1 has been asked to take a state while 2 joins; then 2 is admitted, and another one begins. */
const FAST_WHILE_JOINING = [
  ...["p hears of 1 1 + 2", "p begins", "p's fast k1 5 of a of 1 reaches 1"],
  ...["x's configure reaches 2", "x's prepare", "x's accept"],
  ...["x's configure reaches 1", "x's configure reaches 2", "q hears of 2 12", "q begins"],
];

const TWO_APPENDS = [append("p", "a", 1, 14), append("q", "b", 1, 10)];

function expected(
  name: string,
  scope: Omit<MembersScope, "name">,
  states: number,
  transitions: number,
  reaches: string,
): ExpectedMembers {
  return { scope: { ...scope, name }, states, transitions, reaches };
}

/** The scopes of the test task. */
export const membersScopes: readonly ExpectedMembers[] = [
  expected(
    "one member, another is added, and an append",
    changing(2, 1, APPEND, ADD),
    10_468,
    32_463,
    "2 12",
  ),
  expected(
    "one member, another is added, and what was released is forgotten",
    changing(2, 1, RELEASE, ADD),
    10_594,
    32_702,
    "2 12",
  ),
  expected(
    "one member, another is added and starts again",
    { ...changing(2, 1, [], ADD), restarting: [1], restarts: 1 },
    2_113,
    5_381,
    "2 12",
  ),
  expected(
    "one member, another is added, the first is removed, and an append",
    { ...changing(2, 1, APPEND, ADD, REMOVE), content: "", script: SECOND_HAS_COPIED },
    24_689,
    74_411,
    "3 2",
  ),
  expected(
    "one member, another is admitted, two appends, and the first starts again",
    {
      ...changing(2, 1, [append("p", "a", 1, 4), append("q", "b", 1, 19)], ADD),
      changers: [changer("x", 10, ADD)],
      restarting: [0],
      restarts: 1,
      script: [
        ...[...SECOND_HAS_COPIED, "p begins", "p's prepare k1 5 of 0 reaches 1"],
        ...["p's prepare k1 … of 1 reaches 1", "p's accept k1 … of 1 reaches 1"],
        ...["x's configure reaches 2", ...written("c\xf6\xf6", 12, "1")],
        ...at("x's configure", "1", "2"),
      ],
    },
    17_570,
    53_429,
    "2 12",
  ),
  expected(
    "two members, one is removed and added again",
    changing(2, 2, [], { remove: "2" }, ADD),
    765,
    1_563,
    "3 12",
  ),
  expected(
    "two members, one is removed, and two nodes finish it",
    {
      ...changing(2, 2, [], REMOVE),
      changers: [changer("x", 2, REMOVE), changer("y", 6, "finish")],
    },
    1_557,
    4_473,
    "1 2",
  ),
  expected(
    "three members, one is removed with the third, and what was released is forgotten",
    { ...changing(3, 3, RELEASE, REMOVE), script: FIRST_IS_REMOVED },
    17_836,
    73_656,
    "1 23",
  ),
  expected(
    "three members, two are removed, one after the other, and a session",
    {
      ...changing(3, 3, [], REMOVE),
      changers: [{ ...changer("x", 2, REMOVE, { remove: "2" }), waits: true }],
      content: "",
      end: 4,
      script: FIRST_IS_REMOVED,
    },
    48_274,
    167_177,
    "2 3 - 2 unsettled",
  ),
  expected(
    "one member, another is added, the first is removed, and an append to what was forgotten",
    { ...changing(2, 1, [...RELEASE, append("q", "b", 1)], ADD, REMOVE), script: FORGOTTEN },
    9_127,
    27_058,
    "3 2",
  ),
  expected(
    "two members, a third is admitted with the first, which starts again, an append, and a read",
    {
      ...changing(3, 2, [...LATE_APPEND, read(1)], { add: "3" }),
      restarting: [0],
      restarts: 1,
      script: FIRST_AND_THIRD_DECIDED,
      stops: true,
    },
    7_507,
    24_683,
    "2 123 unsettled",
  ),
  expected(
    "three members, one is removed with the third, the second starts again, and an append",
    {
      ...changing(3, 3, [append("p", "a", 1, 4), append("q", "b", 1, 9)], REMOVE),
      restarting: [1],
      restarts: 1,
      script: [...FIRST_IS_REMOVED, ...FIRST_AND_SECOND_WROTE],
      stops: true,
    },
    1_103,
    2_596,
    "1 23 - 1 unsettled",
  ),
  expected(
    "three members, one is removed with the third, and two appends",
    {
      ...changing(3, 3, [append("p", "a", 1, 4), append("q", "b", 1, 9)], REMOVE),
      script: FIRST_IS_REMOVED,
      stops: true,
    },
    12_330,
    40_448,
    "1 23 - 1 unsettled",
  ),
  expected(
    "two members, the second starts again beside its earlier process, and the first is removed",
    { ...changing(2, 2, [], REMOVE), restarting: [1], restarts: 1, beside: 1 },
    819,
    2_417,
    "1 2",
  ),
  expected(
    "two members, the second is back beside its earlier process, the first is removed, and an append",
    {
      ...changing(2, 2, LATE_APPEND, REMOVE),
      restarting: [1],
      restarts: 1,
      beside: 1,
      script: back("2", 0, "1"),
    },
    13_320,
    58_298,
    "1 2",
  ),
  expected(
    "two members, the second is back beside its earlier process, and a third is added",
    {
      ...changing(3, 2, [], { add: "3" }),
      content: "",
      restarting: [1],
      restarts: 1,
      beside: 1,
      script: [...THIRD_HAS_COPIED.slice(0, -1), ...back("2", 1, "1")],
    },
    4_829,
    20_435,
    "2 123",
  ),
  expected(
    "three members, the third is back beside its earlier process, a fourth is added, the first is " +
      "removed, and two appends",
    {
      ...changing(4, 3, TWO_APPENDS, { add: "4" }, REMOVE),
      restarting: [2],
      restarts: 1,
      beside: 2,
      script: [
        ...["x begins", ...at("x's incarnationOf", "1", "2"), "x's stand reaches 4"],
        ...[...written("c\xf6\xf6", 3, "1", "2"), ...at("x's configure", "1", "2", "4")],
        ...[...at("4's incarnation", "1", "2"), ...at("4's transfer", "1", "2")],
        ...[...back("3", 1, "1", "2"), "x's configure reaches 4"],
        ...[...written("c\xf6\xf6", 4, "1", "2"), ...swept(5, "1", "2", "4")],
        ...[...written("c\xf6\xf6", 7, "1", "2", "4"), "x begins"],
        ...["1", "2", "4"].map((node) => `${node} hears of 2 1234`),
        ...[...at("x's incarnationOf", "2", "4"), ...written("c\xf6\xf6", 8, "1", "2", "4")],
        ...["x's configure reaches 2", "3 hears of 3 234", ...appended(3, "2", "3")],
      ],
      stops: true,
    },
    424,
    1_498,
    "3 234 - 1 unsettled",
  ),
  expected(
    "one member, another joins meanwhile, a fast append, and another one with both",
    {
      ...changing(2, 1, [fast(append("p", "a", 1, 4)), fast(append("q", "b", 1, 9))], ADD),
      content: "",
      script: [...SECOND_HAS_COPIED, ...FAST_WHILE_JOINING],
      stops: true,
    },
    108,
    242,
    "2 12 unsettled",
  ),
  expected(
    "three members, one leaves meanwhile, a fast append that it has not heard of, and a read",
    {
      ...changing(3, 3, [fast(append("p", "a", 1, 4)), read(1)], REMOVE),
      content: "",
      script: [
        ...FAST_WROTE,
        ...FIRST_IS_REMOVED,
        "2 hears of 1 23",
        "r hears of 1 23",
        "r begins",
      ],
      stops: true,
    },
    1_752,
    5_618,
    "1 23 - 1 unsettled",
  ),
];

/** Larger ones, for `deno task model --deep`. */
export const deepMembersScopes: readonly ExpectedMembers[] = [
  expected(
    "three members, a fourth is admitted with two of them, one of which starts again, and an append",
    {
      ...changing(4, 3, LATE_APPEND, { add: "4" }),
      restarting: [1],
      restarts: 1,
      script: [
        ...["x begins", ...at("x's incarnationOf", "1", "2"), "x's stand reaches 4"],
        ...[...written("c\xf6\xf6", 3, "1", "2"), ...at("x's configure", "1", "2", "4")],
        ...[...at("4's incarnation", "1", "2"), ...at("4's transfer", "1", "2")],
        ...["x's configure reaches 4", ...written("c\xf6\xf6", 4, "1", "2")],
        ...at("x's configure", "1", "2", "4"),
      ],
      stops: true,
    },
    6_808,
    20_508,
    "2 1234 unsettled",
  ),
  expected(
    "two members, one is removed and added again, the other is removed, and an append",
    {
      ...changing(2, 2, LATE_APPEND, { remove: "2" }, ADD, REMOVE),
      content: "",
      script: [
        ...SECOND_IS_REMOVED,
        ...Array(5).fill("x's"),
        "x begins",
        "x's",
        "2 hears of 1 1",
        ...Array(5).fill("x's"),
      ],
    },
    25_249,
    76_228,
    "4 2",
  ),
  expected(
    "three members, one is removed with the third, and the second starts again",
    { ...changing(3, 3, [], REMOVE), restarting: [1], restarts: 1, script: FIRST_IS_REMOVED },
    18_814,
    55_478,
    "1 23",
  ),
  expected(
    "two members, a third is added, and the first is removed",
    { ...changing(3, 2, [], { add: "3" }, REMOVE), script: THIRD_HAS_COPIED },
    213_256,
    837_281,
    "3 23",
  ),
  expected(
    "five members, the fifth is back beside its earlier process, two are removed, and two appends",
    {
      ...changing(5, 5, TWO_APPENDS, REMOVE, { remove: "2" }),
      restarting: [4],
      restarts: 1,
      beside: 4,
      script: [
        ...back("5", 0, "1", "2", "3"),
        ...["x begins", ...at("x's incarnationOf", "2", "3", "5")],
        ...[...written("c\xf6\xf6", 3, "2", "3", "5"), ...swept(4, "2", "3", "5")],
        ...[...written("c\xf6\xf6", 6, "2", "3", "5"), "x begins"],
        ...["2", "3", "5"].map((node) => `${node} hears of 1 2345`),
        ...[...at("x's incarnationOf", "3", "5"), ...written("c\xf6\xf6", 7, "2", "3", "5")],
        ...[...at("x's configure", "3", "5"), ...appended(2, "3", "5")],
      ],
      stops: true,
    },
    164_160,
    831_936,
    "2 345 - 2 unsettled",
  ),
  expected(
    "one member, another is added, and a fast append",
    { ...changing(2, 1, [fast(append("p", "a", 1, 1))], ADD), content: "" },
    9_841,
    30_114,
    "2 12",
  ),
  expected(
    "three members, one is removed with the third, a fast append that it has not heard of, and an append",
    {
      ...changing(3, 3, [fast(append("p", "a", 1, 4)), append("q", "b", 1, 9)], REMOVE),
      content: "",
      script: [...FAST_WROTE, ...FIRST_IS_REMOVED],
      stops: true,
    },
    20_136,
    64_166,
    "1 23 - 1 unsettled",
  ),
  expected(
    "three members, one leaves meanwhile, two fast appends, and the second starts again",
    {
      ...changing(3, 3, [fast(append("p", "a", 1, 4)), fast(append("q", "b", 2, 11))], REMOVE),
      content: "",
      restarting: [1],
      restarts: 1,
      script: FAST_WHILE_LEAVING,
      stops: true,
    },
    13_637,
    37_582,
    "1 23 - 1 unsettled",
  ),
];

/** Too large to be closed; broken rules show in it early. */
export const openMembersScopes: readonly MembersScope[] = [
  {
    ...changing(2, 2, [], { remove: "2" }, ADD),
    changers: [changer("x", 2, { remove: "2" }, ADD), changer("y", 9, "finish")],
    script: SECOND_IS_REMOVED,
    name: "two members, one is removed and added again, and another node finishes it",
  },
];
