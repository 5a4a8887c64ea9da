import {
  append,
  type Expected,
  expected,
  fast,
  handing,
  heir,
  put,
  REGISTER,
  release,
  RESTART,
  tight,
} from "./ingredients.ts";

/** Promises that are handed on (section 3), by themselves and with all that may happen beside them. */
export const heirScopes: readonly Expected[] = [
  expected(
    "an append that hands on the promise, and an append by its heir",
    { ...REGISTER, clients: [handing(append("p", "a", 1), "q"), heir(append("q", "b", 1))] },
    0,
    0,
    "a client takes a promise that was handed on to it",
    "a kept promise saves a round",
  ),
  expected(
    "an append that hands on the promise, two appends by its heir, and the lowest fallback",
    { ...REGISTER, clients: [handing(append("p", "a", 1), "q"), tight(heir(append("q", "bc", 1)))] },
    0,
    0,
    "a client takes a promise that was handed on to it",
  ),
  expected(
    "an append that hands on the promise, an append by its heir, and a put",
    {
      ...REGISTER,
      clients: [
        handing(append("p", "a", 1), "q"),
        { ...tight(heir(append("q", "b", 1))), afterKept: 0 },
        put("r", "c", 1, 2),
      ],
    },
    0,
    0,
  ),
  expected(
    "an append that hands on the promise, and a fast append by its heir",
    {
      ...REGISTER,
      clients: [handing(append("p", "a", 1), "q"), fast(heir(append("q", "bc", 1)))],
    },
    0,
    0,
  ),
  expected(
    "an append that hands on the promise, an append by its heir, and a crash",
    {
      ...RESTART,
      clients: [
        handing(append("p", "a", 1), "q"),
        { ...tight(heir(append("q", "b", 1))), afterKept: 0 },
      ],
    },
    0,
    0,
  ),
  expected(
    "an append that hands on the promise, an append by its heir, and a release that is forgotten",
    {
      ...REGISTER,
      clients: [
        handing(append("p", "a", 1), "q"),
        { ...tight(heir(append("q", "b", 1))), afterKept: 0 },
        release("r", "a", 1),
      ],
    },
    0,
    0,
  ),
];
