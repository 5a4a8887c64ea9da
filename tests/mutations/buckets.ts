import { type Mutation, mutationsOf } from "./mutation.ts";

/** Section 3: the watches of buckets. */
export const BUCKETS: readonly Mutation[] = [
  ...mutationsOf("lib/node/quorum/bucket_watches.ts", [
    "tests/node/quorum/bucket_watches_test.ts",
  ], [
    {
      section: 3,
      name: "a bucket's watch tells what one member has accepted",
      find: "if (known.learner.receive(sender, ballot, state, fast) !== undefined) {",
      replace: "{",
    },
    {
      section: 3,
      name: "a bucket's watch goes back to an older state",
      find: 'if (isOlder) return "older";',
      replace: "",
    },
    {
      section: 3,
      name: "a bucket's watch orders states by their tokens",
      find: "const isOlder = compareBallots(ballot, known.ballot) < 0;",
      replace: "const isOlder = token < known.token;",
    },
    {
      section: 3,
      name: "a bucket's watch believes an old push about a register that it has dropped",
      find: "if (known.token < 0 && compareBallots(ballot, this.#floor) <= 0) {",
      replace: "if (false) {",
    },
    {
      section: 3,
      name: "a bucket's watch tells a newcomer of a push that may be old",
      find: "newcomer !== undefined && ballot.counter <= newcomer.counter",
      replace: "newcomer !== undefined && false",
    },
    {
      section: 3,
      name: "a newcomer misses what was pushed while it was told what is there",
      find: "newcomer.missed.add(register);\n      } else",
      replace: "} else",
    },
    {
      section: 3,
      name: "a list's higher ballot is no reason to read",
      find: "if (all || isNews) wanted.push(register);",
      replace: "if (all) wanted.push(register);",
    },
    {
      section: 3,
      name: "what a list shows no more stays",
      find: "if (present) wanted.push(register);",
      replace: "if (false) {}",
    },
    {
      section: 7,
      name: "a bucket's watch ignores tokens below those of the previous cluster",
      find: "Object.assign(known, { token: -1, ballot: NO_BALLOT });",
      replace: "{}",
    },
    {
      section: 3,
      name: "a bucket is watched after the last listener has left",
      find: 'this.#engine.ask(members, { id, type: "unwatch", register: this.#prefix });',
      replace: "",
    },
    {
      section: 4,
      name: "a bucket's watch begins with what has ended",
      find: "newcomers.includes(listener) && !isEnded",
      replace: "newcomers.includes(listener)",
    },
  ]),
  ...mutationsOf("lib/paxos/watchers.ts", ["tests/paxos/watchers_test.ts"], [
    {
      section: 3,
      name: "an acceptor does not tell who watches a bucket",
      find: "return [...own, ...this.#of(bucketOf(register), now)];",
      replace: "return own;",
    },
  ]),
];
