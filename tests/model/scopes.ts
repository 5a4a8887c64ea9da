import {
  append,
  appendKeepingOnce,
  appendThenPut,
  clear,
  type Expected,
  expected,
  GENESIS,
  keeper,
  lapse,
  put,
  read,
  REGISTER,
  release,
  RESTART,
  THREE_OTHERS,
  update,
} from "./ingredients.ts";

/** One register, and members that do not crash. */
export const registerScopes: readonly Expected[] = [
  expected(
    "two puts, one of them tried twice",
    { ...REGISTER, clients: [put("p", "a", 2), put("q", "b", 1)] },
    20_328,
    105_243,
    "a member refuses a ballot below its promise",
    "a refused proposer starts again",
    "a change ends without a write",
  ),
  expected(
    "a put whose binding ends before its second attempt, and a read",
    { ...REGISTER, clients: [lapse("p", "a", 2), read(1)] },
    59_100,
    284_311,
    "a read has to propose",
  ),
  expected(
    "an append, then a put by a kept promise, and another append",
    { ...REGISTER, clients: [appendThenPut("p", "a", "b"), append("n", "c", 1, 1)] },
    29_929,
    136_284,
    "a kept promise saves a round",
  ),
  expected(
    "two appends by kept promises of what is released and forgotten, and the lowest fallback",
    { ...REGISTER, content: "a", clients: [keeper("q", "bc", 0), release("p", "a", 2)] },
    62_214,
    320_029,
    "a kept promise saves a round",
    "a member promises the fallback of what it refuses",
    "a member forgets a register",
  ),
  expected(
    "three appends, the second by a kept promise",
    { ...REGISTER, clients: [appendKeepingOnce("p", "abc")] },
    3_443,
    11_443,
    "a kept promise saves a round",
  ),
  expected(
    "two appends with the same counter",
    { ...REGISTER, clients: [append("p", "a", 1), append("q", "b", 1)] },
    1_867,
    8_968,
  ),
  expected(
    "two puts and a promise that is dropped",
    { ...REGISTER, ages: 1, clients: [put("p", "a", 1), put("q", "b", 1)] },
    12_088,
    65_239,
    "a member drops a promise",
  ),
];

/** A cell: updates whose writers may not know their outcome, while others write (section 10). */
export const cellScopes: readonly Expected[] = [
  expected(
    "an update of a cell, tried twice, and a delete",
    { ...REGISTER, clients: [update("p", "a", 2, 2), clear("q", 1)] },
    58_867,
    293_601,
    "a member forgets a register",
  ),
];

/** One register, and one member that crashes and recovers without its memory. */
export const recoveryScopes: readonly Expected[] = [
  expected(
    "a put and a read, and a crash",
    { ...RESTART, clients: [put("p", "a", 1), read(0)] },
    72_275,
    348_970,
    "a recovered member accepts",
    "two lives of one member answer one question",
    "an answer arrives whose sender has a successor",
    "an answer from before a crash meets one that knows of it",
    "an answer that knows of a crash meets one from before it",
    "both lives of a member accept one ballot",
  ),
  expected(
    "an append, and a crash after which copies come in two pieces",
    { ...RESTART, content: "x", pieces: "before another", clients: [append("p", "a", 1, 1)] },
    4_903,
    21_174,
    "a member continues with the second piece of a copy",
  ),
  expected(
    "an append, and a crash after which copies come in two pieces, the second about it",
    { ...RESTART, content: "x", pieces: "after another", clients: [append("p", "a", 1, 1)] },
    4_084,
    17_030,
    "a member continues with the second piece of a copy",
  ),
  expected(
    "a put, and a crash at which a clock goes back",
    { ...RESTART, clockGoesBack: true, lifeChanges: 1, clients: [put("p", "a", 1)] },
    1_890,
    7_545,
    "a member takes another life",
  ),
  expected(
    "an append by a kept promise, a further try, and a crash",
    { ...RESTART, content: "a", clients: [keeper("q", "b", 1)] },
    19_956,
    93_533,
    "a kept promise saves a round",
    "a recovered member accepts",
    "a copied entry decides what is written",
    "a copied entry prevents a unanimous state from being sure",
  ),
  expected(
    "a put, a crash, and a promise that is dropped",
    { ...RESTART, ages: 1, clients: [put("p", "a", 1)] },
    6_867,
    30_137,
    "a member drops a promise",
  ),
];

/** An even number of members, one of which recovers: of two with the other one, of four with all others. */
export const evenScopes: readonly Expected[] = [
  expected(
    "two members, a put and a read, and a crash",
    { ...RESTART, members: 2, symmetries: [], clients: [put("p", "a", 1), read(1)] },
    11_317,
    36_046,
    "a copied entry decides what is written",
    "a recovered member accepts",
  ),
  expected(
    "two members, a put tried twice, and a crash, while a member runs twice",
    { ...RESTART, members: 2, symmetries: [], overlap: [0], clients: [put("p", "a", 2)] },
    2_300,
    7_258,
    "both lives of a member accept one ballot",
  ),
  expected(
    "two members, a genesis, a crash and giving up",
    { ...GENESIS, members: 2, symmetries: [], restarts: 2, restarting: [0, 1], givingUp: true },
    19_905,
    95_443,
    "a member recovers",
  ),
  expected(
    "four members, an append, and a crash",
    { ...RESTART, members: 4, symmetries: THREE_OTHERS, clients: [append("p", "a", 1, 1)] },
    3_022,
    16_201,
    "a recovered member accepts",
  ),
];

/** One member id with two lives at once: the first process does not crash, and does not know of the second. */
export const livesScopes: readonly Expected[] = [
  expected(
    "a put while a member runs twice, and clients tell of it",
    { ...RESTART, overlap: [0], clientsTell: true, clients: [put("p", "a", 1)] },
    9_880,
    60_796,
    "a member learns that it was replaced",
  ),
  expected(
    "a genesis while another member runs twice",
    { ...GENESIS, overlap: [1], restarting: [1], symmetries: [] },
    6_700,
    52_054,
    "a frame arrives whose sender has a successor",
    "a member takes another life",
    "a member recovers",
  ),
  expected(
    "a genesis while another member runs twice, and its processes hear each other",
    { ...GENESIS, overlap: [1], twinsHear: true, restarting: [1], symmetries: [] },
    8_734,
    68_021,
    "a member takes another life",
    "a member learns that it was replaced",
    "a member recovers",
  ),
];

/** The first and later geneses of a cluster. */
export const genesisScopes: readonly Expected[] = [
  expected(
    "a genesis",
    { ...GENESIS, restarts: 0 },
    123,
    795,
    "a record is made",
    "a second round voids a question",
  ),
  expected(
    "a genesis and a crash",
    GENESIS,
    5_088,
    33_676,
    "a frame arrives whose sender has a successor",
    "a member takes another life",
    "a member recovers",
    "a second round voids the answers of a recovery",
  ),
  expected(
    "two members crash, the first one gives up, and another genesis",
    {
      ...GENESIS,
      begins: "operational",
      restarts: 2,
      restartsOfEach: 2,
      restarting: [1, 2],
      givingUp: true,
    },
    15_799,
    114_109,
    "a member gives up",
    "a record is made after another one",
  ),
];
