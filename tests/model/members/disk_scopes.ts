import { append } from "../ingredients.ts";
import {
  ADD,
  at,
  changing,
  type ExpectedMembers,
  FIRST_AND_SECOND_WROTE,
  FIRST_AND_THIRD_DECIDED,
  FIRST_IS_REMOVED,
  REMOVE,
  SECOND_HAS_COPIED,
  swept,
  THIRD_HAS_COPIED,
  written,
} from "./scopes.ts";
import type { DiskFaults, MembersScope } from "./world.ts";

/** A scope with its exact size, and the ways in which members come back in some state. */
export interface ExpectedDisks extends ExpectedMembers {
  readonly ways: readonly string[];
}

const NOTHING_FAILS: DiskFaults = {
  stopping: [],
  stops: 0,
  losing: [],
  rollingBack: [],
  gone: [],
  goesOn: false,
};

const TWO_APPENDS = [append("p", "a", 1, 4), append("q", "b", 1, 19)];

const LATER_APPENDS = [append("p", "a", 1, 14), append("q", "b", 1, 19)];

const DISK = "starts from its disk";
const OTHERS = "recovers";

function expected(
  name: string,
  scope: Omit<MembersScope, "name">,
  disks: Partial<DiskFaults>,
  states: number,
  transitions: number,
  reaches: string,
  ...ways: readonly string[]
): ExpectedDisks {
  const all = { ...scope, disks: { ...NOTHING_FAILS, ...disks }, stops: true, name };
  return { scope: all, states, transitions, reaches, ways };
}

const C = "c\xf6\xf6";
const THIRD = { add: "3" };

/** One round of questions of a start from a disk. */
function asks(member: string, ...others: string[]): string[] {
  return at(`${member}'s enquire of its disk`, ...others);
}

/** Two rounds, of which only these others hear. */
function asksTwice(member: string, ...others: string[]): string[] {
  const round = [...asks(member, ...others), `the round of ${member} ends`];
  return [...round, ...round];
}

/** A member starts again, and recovers from these. */
function recovers(member: string, ...others: string[]): string[] {
  return [
    ...[
      `${member} stops`,
      `${member} starts`,
      ...asks(member, ...others),
      ...asks(member, ...others),
    ],
    ...[...at(`${member}'s incarnation`, ...others), ...at(`${member}'s transfer`, ...others)],
  ];
}

/** 3 is admitted, that is settled, and all know it. */
const THIRD_IS_SETTLED = [
  ...[...THIRD_HAS_COPIED, ...written(C, 4, "1", "2"), ...swept(5, "1", "2")],
  ...[...written(C, 7, "1", "2"), ...["1", "2", "3"].map((id) => `${id} hears of 2…123`)],
];

/** 3 is down as it is removed, and 2 is removed after it, which does not know that. */
const LEFT_BEHIND = [
  ...["3 stops", "x begins", ...at("x's incarnationOf", "1", "2")],
  ...[...written(C, 3, "1", "2"), ...swept(4, "1", "2"), ...written(C, 6, "1", "2"), "x begins"],
  ...["1 hears of 1 12", "2 hears of 1 12", "x's incarnationOf reaches 1"],
  ...[...written(C, 7, "1", "2"), "x's configure reaches 1"],
];

/** 2 alone has accepted that 3 is admitted; then the others stop. */
const HALF_ADMITTED = [
  ...[...THIRD_HAS_COPIED, ...at(`x's prepare ${C} 4 of …`, "1", "2")],
  ...[`x's accept ${C} 4 of … reaches 2`, "1 stops", "3 stops"],
];

/** The scopes of the test task. */
export const diskScopes: readonly ExpectedDisks[] = [
  expected(
    "two members, a third is admitted with the first and writes, all stop, and an append",
    {
      ...changing(3, 2, TWO_APPENDS, THIRD),
      script: [...FIRST_AND_THIRD_DECIDED, "1 stops", "2 stops", "3 stops"],
    },
    { gone: [2], goesOn: true },
    2_861,
    5_486,
    "2 123 unsettled",
    DISK,
  ),
  expected(
    "three members, one is removed with the third, all stop, and an append",
    {
      ...changing(3, 3, TWO_APPENDS, REMOVE),
      script: [
        ...[
          ...recovers("2", "1", "3"),
          ...recovers("2", "1", "3"),
          ...FIRST_IS_REMOVED,
          ...FIRST_AND_SECOND_WROTE,
        ],
        ...["1 stops", "2 stops", "3 stops"],
      ],
    },
    { gone: [0], goesOn: true },
    322,
    670,
    "1 23 - 1 unsettled",
    DISK,
  ),
  expected(
    "three members, one is removed with the third, the second starts again, and an append",
    {
      ...changing(3, 3, TWO_APPENDS, REMOVE),
      script: [...FIRST_IS_REMOVED, ...FIRST_AND_SECOND_WROTE, "1 stops", "2 stops"],
    },
    { gone: [0], goesOn: true },
    37,
    73,
    "1 23 - 1 unsettled",
    DISK,
  ),
  expected(
    "two members, a third is added, the first is rolled back to before that, and an append",
    {
      ...changing(3, 2, LATER_APPENDS, THIRD),
      script: [
        ...[
          ...recovers("1", "2"),
          ...THIRD_IS_SETTLED,
          "p begins",
          "p's prepare k1 15 of 0 reaches 1",
        ],
        ...[...at("p's prepare k1 … of 2", "1", "3"), ...at("p's accept k1 … of 2", "1", "3")],
        ...["1 stops", "1's disk is rolled back", "3 stops"],
      ],
    },
    { gone: [2] },
    48,
    114,
    "2 123",
  ),
  expected(
    "two members, a third is added, one has lost its disk, and all stop",
    {
      ...changing(3, 2, [], THIRD),
      script: [
        ...[...THIRD_IS_SETTLED, "1 stops", "1's disk is lost", "2 stops", "3 stops"],
        ...["2 starts", "3 starts", ...asksTwice("2", "3"), ...asksTwice("3", "2")],
      ],
    },
    { goesOn: true },
    16_217,
    67_113,
    "2 123",
    OTHERS,
    DISK,
  ),
  expected(
    "three members, one is removed while it is down, the second after it, all stop, and an append",
    {
      ...changing(3, 3, TWO_APPENDS, { remove: "3" }, { remove: "2" }),
      script: [
        ...[...LEFT_BEHIND, "p begins", "p's prepare k1 5 of 0 reaches 1"],
        ...["p's prepare k1 … of 2 reaches 1", "p's accept k1 … of 2 reaches 1"],
        ...["1 stops", "2 stops"],
      ],
    },
    { goesOn: true },
    337,
    1_415,
    "2 1 - 2 unsettled",
    DISK,
  ),
  expected(
    "three members, one is removed while it is down, the second after it, all stop, and these two start",
    {
      ...changing(3, 3, TWO_APPENDS, { remove: "3" }, { remove: "2" }),
      script: [
        ...[...LEFT_BEHIND, "p begins", "p's prepare k1 5 of 0 reaches 1"],
        ...["p's prepare k1 … of 2 reaches 1", "p's accept k1 … of 2 reaches 1"],
        ...["1 stops", "2 stops"],
      ],
    },
    { gone: [0] },
    18,
    61,
    "1 12",
  ),
  expected(
    "two members, a third is admitted with the first and writes, all stop, the first for ever, and the " +
      "others have the new list",
    {
      ...changing(3, 2, TWO_APPENDS, THIRD),
      given: ["1", "2", "3"],
      script: [...FIRST_AND_THIRD_DECIDED, "1 stops", "2 stops", "3 stops"],
    },
    { gone: [0], goesOn: true },
    2_861,
    5_486,
    "2 123 unsettled",
    DISK,
  ),
  expected(
    "one member, another is admitted and does not know it, both stop, and an append",
    {
      ...changing(2, 1, TWO_APPENDS, ADD),
      script: [
        ...[...SECOND_HAS_COPIED, "p begins", "p's prepare k1 5 of 0 reaches 1"],
        ...["p's prepare k1 … of 1 reaches 1", "p's accept k1 … of 1 reaches 1"],
        ...["x's configure reaches 2", ...written(C, 4, "1"), "x's configure reaches 1"],
        ...["1 stops", "2 stops"],
      ],
    },
    { goesOn: true },
    419,
    891,
    "2 12 unsettled",
    OTHERS,
    DISK,
  ),
  expected(
    "two members have accepted that one is removed, and do not know it, both stop, and an append",
    {
      ...changing(2, 2, [append("p", "a", 1, 4)], { remove: "2" }),
      loses: true,
      script: [
        ...["x begins", "x's incarnationOf reaches 1", ...at(`x's prepare ${C} 3 of …`, "1", "2")],
        ...[`x's accept ${C} 3 of … reaches 1`, `x's accept ${C} 3 of …, no answer`],
        ...["1 stops", "2 stops"],
      ],
    },
    { goesOn: true },
    4_356,
    13_376,
    "0 12",
    OTHERS,
    DISK,
  ),
  expected(
    "two members, one has accepted that a third is admitted, and the others start again",
    {
      ...changing(3, 2, [], THIRD),
      script: [...HALF_ADMITTED, "1 starts", ...asks("1", "2"), ...asks("1", "2")],
    },
    { goesOn: true },
    678,
    2_238,
    "1 12 + 3 unsettled",
    OTHERS,
    DISK,
  ),
  expected(
    "two members, one has accepted that a third is admitted, which loses its disk, the others start again, and " +
      "an append",
    {
      ...changing(3, 2, [append("p", "a", 1, 4)], THIRD),
      script: [...HALF_ADMITTED, "3's disk is lost"],
    },
    { goesOn: true },
    3_848,
    9_832,
    "1 12 + 3 unsettled",
    OTHERS,
    DISK,
  ),
  expected(
    "two members, one is removed, which only that one knows, both stop, and an append",
    {
      ...changing(2, 2, TWO_APPENDS, { remove: "2" }),
      script: [
        ...["x begins", "x's incarnationOf reaches 1", ...written(C, 3, "1", "2")],
        ...["2 hears of 1 1 - 2", "1 stops", "2 stops"],
      ],
    },
    { goesOn: true },
    157,
    319,
    "1 1 - 2 unsettled",
    DISK,
  ),
];

/** Larger ones, for `deno task model --deep`. */
export const deepDiskScopes: readonly ExpectedDisks[] = [
  expected(
    "two members, one has accepted that a third is admitted, the others start again, and an append",
    {
      ...changing(3, 2, [append("p", "a", 1, 4)], THIRD),
      script: [...HALF_ADMITTED, "1 starts", ...asks("1", "2"), ...asks("1", "2")],
    },
    { goesOn: true },
    99_268,
    345_503,
    "1 12 + 3 unsettled",
    OTHERS,
    DISK,
  ),
  expected(
    "two members, a third is admitted with the first and writes, all stop, one once more, and an append",
    {
      ...changing(3, 2, TWO_APPENDS, THIRD),
      script: [...FIRST_AND_THIRD_DECIDED, "1 stops", "2 stops", "3 stops"],
    },
    { gone: [2], stopping: [0], stops: 1, goesOn: true },
    57_958,
    117_960,
    "2 123 unsettled",
    DISK,
  ),
  expected(
    "three members, one is removed with the third, all stop and start, and an append",
    {
      ...changing(3, 3, TWO_APPENDS, REMOVE),
      script: [...FIRST_IS_REMOVED, ...FIRST_AND_SECOND_WROTE, "1 stops", "2 stops", "3 stops"],
    },
    { goesOn: true },
    200_689,
    786_072,
    "1 23 - 1 unsettled",
    DISK,
  ),
];
