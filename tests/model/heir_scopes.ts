import {
  append,
  type Expected,
  expected,
  fast,
  handing,
  heir,
  keeper,
  REGISTER,
  release,
  RESTART,
  separate,
  tight,
} from "./ingredients.ts";
import type { ClientOptions } from "./client.ts";

/** Appends `b` by the promise that came with the first state, and hands on the next one to `q`. */
const giver: ClientOptions = handing(keeper("p", "b", 0), "q");

/** Appends `c`, and is not tried again after the fallback of a promise that was handed on to it. */
const taker: ClientOptions = { ...tight(heir(append("q", "c", 1))), afterKept: 0 };

/** The same, which begins only with such a promise, as the release of a lock does that was waited for. */
const waiter: ClientOptions = { ...taker, waits: true };

/** Another client that appends `d`, at a ballot just below that which `p` hands on. */
const rival: ClientOptions = append("o", "d", 1, 2);

/** An append of a client that has just got the register, to `q`. */
const first: ClientOptions = handing(append("p", "b", 1), "q");

/** Promises that are handed on (section 3), by themselves and with all that may happen beside them. */
export const heirScopes: readonly Expected[] = [
  expected(
    "an append that hands on the promise, and an append by its heir",
    { ...REGISTER, clients: [first, heir(append("q", "c", 1))] },
    10_151,
    48_767,
    "a client takes a promise that was handed on to it",
    "a kept promise saves a round",
  ),
  expected(
    "an append by a kept promise that hands on the next one, and an append by its heir",
    { ...REGISTER, content: "a", clients: [giver, taker] },
    308,
    1_113,
    "a client takes a promise that was handed on to it",
  ),
  expected(
    "an append by a kept promise that hands on the next one, two appends by its heir",
    {
      ...REGISTER,
      content: "a",
      clients: [giver, { ...tight(heir(append("q", "cd", 1))), afterKept: 0 }],
    },
    1_584,
    6_096,
    "a client takes a promise that was handed on to it",
  ),
  expected(
    "an append by a kept promise that hands on the next one, an append by its heir, and a release that is forgotten",
    { ...REGISTER, content: "a", clients: [giver, waiter, release("r", "ab", 1)] },
    24_628,
    125_908,
  ),
  expected(
    "an append that hands on the promise, and a fast append by its heir",
    { ...REGISTER, clients: [first, fast(taker)] },
    1_849,
    7_509,
    "a client takes a promise that was handed on to it",
  ),
  expected(
    "an append by a kept promise that hands on the next one, an append by its heir, and a crash",
    { ...RESTART, content: "a", clients: [giver, waiter] },
    21_371,
    96_279,
    "a client takes a promise that was handed on to it",
  ),
  expected(
    "an append by a kept promise that hands on the next one, and two appends by its heir without keeping",
    {
      ...REGISTER,
      content: "a",
      clients: [giver, { ...tight(heir(separate("q", "cd"))), afterKept: 0 }],
    },
    0,
    0,
  ),
  expected(
    "an append that hands on the promise, and two appends by its heir, the first one fast",
    {
      ...REGISTER,
      clients: [first, { ...fast(tight(heir(separate("q", "cd")))), afterKept: 0, clock: 1 }],
    },
    0,
    0,
  ),
  expected(
    "two appends that hand on promises to an heir, one of them just below the promise of the other",
    { ...REGISTER, content: "a", clients: [giver, waiter, handing(rival, "q")] },
    0,
    0,
  ),
  expected(
    "an append that hands on the promise, one by its heir, and one just below that promise",
    { ...REGISTER, content: "a", clients: [giver, waiter, rival] },
    0,
    0,
  ),
];
