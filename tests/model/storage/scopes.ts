import { append, fast, read } from "../ingredients.ts";
import type { StorageScope } from "./world.ts";

/** A scope with its exact size, which shows a change that shrinks the search. */
export interface ExpectedStorage {
  readonly scope: StorageScope;
  readonly states: number;
  readonly transitions: number;
  /** The ways in which members came back in some state. */
  readonly ways: readonly string[];
}

const THREE = ["1", "2", "3"];
const FIVE = [...THREE, "4", "5"];

const NOTHING_FAILS: Omit<StorageScope, "name"> = {
  members: THREE,
  content: "x",
  blank: [],
  clients: [],
  stopping: [],
  stops: 0,
  losing: [],
  rollingBack: [],
  gone: [],
  goesOn: false,
  script: [],
};

const APPENDS = [append("p", "a", 1, 4), append("q", "b", 1, 9)];

/** One round of questions of a start from a disk. */
function asks(member: string, ...others: string[]): string[] {
  return others.map((other) => `${member}'s enquire of its disk reaches ${other}`);
}

/** Two rounds, of which only these others hear. */
function asksTwice(member: string, ...others: string[]): string[] {
  const round = [...asks(member, ...others), `the round of ${member} ends`];
  return [...round, ...round];
}

/** A member starts again, and recovers from the others: all answer, and these give copies. */
function recovers(member: string, others: string[], helpers = others): string[] {
  return [
    ...[`${member} stops`, `${member} starts`],
    ...[...asks(member, ...others), ...asks(member, ...others)],
    ...helpers.map((other) => `${member}'s incarnation of its recovery reaches ${other}`),
    ...helpers.map((other) => `${member}'s transfer of its recovery reaches ${other}`),
  ];
}

/** An append is chosen by these members. */
function appended(...members: string[]): string[] {
  return [
    "p begins",
    ...members.map((member) => `p's prepare 5 reaches ${member}`),
    ...members.map((member) => `p's accept 5 of …a reaches ${member}`),
  ];
}

function expected(
  name: string,
  scope: Partial<StorageScope>,
  states: number,
  transitions: number,
  ...ways: readonly string[]
): ExpectedStorage {
  return { scope: { ...NOTHING_FAILS, ...scope, name }, states, transitions, ways };
}

const DISK = "starts from its disk";
const OTHERS = "recovers";
const RECORD = "adopts the record";

/** The scopes of the test task. */
export const storageScopes: readonly ExpectedStorage[] = [
  expected(
    "all stop as an append has reached one, two start again, and another append",
    {
      clients: APPENDS,
      gone: [2],
      script: [
        ...["p begins", "p's prepare 5 reaches 1", "p's prepare 5 reaches 2"],
        ...["p's accept 5 of xa reaches 1", "1 stops", "2 stops", "3 stops"],
      ],
    },
    2_687,
    5_203,
    DISK,
  ),
  expected(
    "all stop, and two start again and stop once more",
    {
      stopping: [0, 1],
      stops: 1,
      gone: [2],
      goesOn: true,
      script: ["1 stops", "2 stops", "3 stops"],
    },
    34_836,
    56_278,
    DISK,
  ),
  expected(
    "one is rolled back to before it recovered, while another is gone, and stops once more",
    {
      clients: APPENDS,
      stopping: [0],
      stops: 1,
      gone: [1],
      script: [
        ...recovers("1", ["2", "3"]),
        ...appended("1", "2"),
        ...["1 stops", "1's disk is rolled back", "2 stops"],
      ],
    },
    66,
    132,
    OTHERS,
    DISK,
  ),
  expected(
    "one is rolled back to before it started from its disk, while another is gone",
    {
      clients: APPENDS,
      gone: [1],
      script: [
        ...["1 stops", "1 starts", ...asksTwice("1", "3")],
        ...["1's announce of its disk reaches 3", "1's announce of its disk reaches 2"],
        ...appended("1", "2"),
        ...["1 stops", "1's disk is rolled back", "2 stops"],
      ],
    },
    24,
    42,
    DISK,
  ),
  expected(
    "one starts from its disk, takes a late append, and may be rolled back, while another is gone",
    {
      clients: APPENDS,
      stopping: [0],
      stops: 1,
      rollingBack: [0],
      gone: [1],
      script: [
        ...["p begins", "p's prepare 5 reaches 2", "p's prepare 5 reaches 3"],
        ...["p's accept 5 of xa reaches 2", "2 stops"],
        ...["1 stops", "1 starts", ...asksTwice("1", "3")],
      ],
    },
    1_884,
    3_066,
    DISK,
  ),
  expected(
    "one has lost its disk, and another stops",
    { goesOn: true, script: ["1 stops", "1's disk is lost", "2 stops"] },
    85,
    148,
    OTHERS,
    DISK,
  ),
  expected(
    "one has lost its disk, and all have stopped",
    {
      goesOn: true,
      script: [
        ...["1 stops", "1's disk is lost", "2 stops", "3 stops"],
        ...["2 starts", "3 starts", ...asksTwice("2", "3")],
      ],
    },
    309,
    667,
    OTHERS,
    DISK,
  ),
  expected(
    "one recovers over its disk as another goes, stops, and an append",
    {
      clients: APPENDS,
      stopping: [0],
      stops: 1,
      gone: [1],
      goesOn: true,
      script: [
        ...appended("1", "2"),
        ...["1 stops", "1 starts", ...asks("1", "2", "3"), ...asks("1", "2", "3")],
        ...["1's incarnation of its recovery reaches 2"],
        ...["1's incarnation of its recovery reaches 3", "2 stops"],
      ],
    },
    802,
    1_514,
    DISK,
  ),
  expected(
    "one has copied an append that is not chosen, all stop, two start again, and a read",
    {
      clients: [append("p", "a", 1, 4), read(2)],
      gone: [2],
      script: [
        ...["p begins", "p's prepare 5 reaches 1", "p's prepare 5 reaches 2"],
        ...["p's accept 5 of xa reaches 2", ...recovers("1", ["2", "3"])],
        ...["1 stops", "2 stops", "3 stops"],
      ],
    },
    10_715,
    26_419,
    OTHERS,
    DISK,
  ),
  expected(
    "one took a fast append, the others an append, all stop, two start again, and an append",
    {
      content: "",
      clients: [fast(append("p", "a", 1, 9)), append("q", "b", 1, 4), append("r", "c", 1, 14)],
      gone: [2],
      script: [
        ...["p begins", "p's fast 10 of a reaches 1"],
        ...["q begins", "q's prepare 5 reaches 2", "q's prepare 5 reaches 3"],
        ...["q's accept 5 of b reaches 2", "q's accept 5 of b reaches 3"],
        ...["1 stops", "2 stops", "3 stops"],
      ],
    },
    5_168,
    10_641,
    DISK,
  ),
  expected(
    "all took a fast append, all stop, two start again, an append, and a read",
    {
      content: "",
      clients: [fast(append("p", "a", 1, 4)), append("q", "b", 1, 9), read(0)],
      gone: [2],
      script: [
        ...["p begins", "p's fast 5 of a reaches 1", "p's fast 5 of a reaches 2"],
        ...["p's fast 5 of a reaches 3", "1 stops", "2 stops", "3 stops"],
      ],
    },
    4_068,
    10_782,
    DISK,
  ),
  expected(
    "five members, one of which is rolled back, one has lost its disk, and one is gone",
    {
      members: ["1", "2", "3", "4", "5"],
      clients: APPENDS,
      gone: [2],
      script: [
        ...recovers("1", ["2", "3", "4", "5"], ["2", "3", "4"]),
        ...appended("1", "2", "3"),
        ...["1 stops", "2 stops", "3 stops", "1's disk is rolled back", "2's disk is lost"],
        ...["1 starts", "2 starts"],
      ],
    },
    1_904,
    6_986,
    OTHERS,
    DISK,
  ),
  expected(
    "the first start of four is interrupted, and one of the two that remember loses its disk",
    {
      members: [...THREE, "4"],
      content: "",
      blank: [2, 3],
      goesOn: true,
      script: ["1 stops", "2 stops", "3 stops", "4 stops", "2's disk is lost"],
    },
    9_390,
    29_215,
    RECORD,
    OTHERS,
    DISK,
  ),
  expected(
    "the first start of five is interrupted, and two of the three that remember lose their disks",
    {
      members: FIVE,
      content: "",
      blank: [3, 4],
      stopping: [3],
      stops: 1,
      gone: [1, 2],
      goesOn: true,
      script: [
        ...["1 stops", "2 stops", "3 stops", "4 stops", "5 stops"],
        ...["2's disk is lost", "3's disk is lost"],
      ],
    },
    11_771,
    31_070,
    RECORD,
    DISK,
  ),
  expected(
    "three of five have an append, two of these lose their disks, and the others adopt the record",
    {
      members: FIVE,
      content: "",
      blank: [3, 4],
      clients: APPENDS,
      gone: [1, 2],
      script: [
        ...appended("1", "2", "3"),
        ...["1 stops", "2 stops", "3 stops", "2's disk is lost", "3's disk is lost"],
        ...["4 stops", "5 stops", "1 starts", "4 starts", "5 starts"],
      ],
    },
    4_380,
    12_632,
    RECORD,
    DISK,
  ),
  expected(
    "one of five has the disk of before its first memory, one has lost its disk, and one is gone",
    {
      members: FIVE,
      clients: APPENDS,
      gone: [2],
      script: [
        ...recovers("5", ["1", "2", "3", "4"], ["2", "3", "4"]),
        ...appended("5", "2", "3"),
        ...["5 stops", "2 stops", "3 stops", "4 stops"],
        ...["5's disk is empty again", "2's disk is lost", "5 starts", "2 starts"],
      ],
    },
    540,
    2_874,
    OTHERS,
    DISK,
  ),
  expected(
    "two of five have the disks of before their first memory, and one is gone",
    {
      members: FIVE,
      gone: [2],
      script: [
        ...recovers("4", ["1", "2", "3", "5"], ["1", "2", "3"]),
        ...recovers("5", ["1", "2", "3", "4"], ["2", "3", "4"]),
        ...["5 stops", "4 stops", "3 stops", "2 stops"],
        ...["5's disk is empty again", "4's disk is empty again", "5 starts", "4 starts"],
      ],
    },
    405,
    2_205,
    OTHERS,
    DISK,
  ),
];

/** Larger ones, for `deno task model --deep`. */
export const deepStorageScopes: readonly ExpectedStorage[] = [
  expected(
    "all stop, two start again, one stops once more, and an append",
    {
      clients: [append("p", "a", 1, 4)],
      stopping: [0],
      stops: 1,
      gone: [2],
      script: ["1 stops", "2 stops", "3 stops"],
    },
    9_727,
    17_634,
    DISK,
  ),
  expected(
    "one has lost its disk, and all stop and start again",
    { goesOn: true, script: ["1 stops", "1's disk is lost", "2 stops", "3 stops"] },
    13_647,
    32_742,
    OTHERS,
    DISK,
  ),
];
