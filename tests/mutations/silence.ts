import { type Break, type Mutation, mutationsOf } from "./mutation.ts";

/** Section 6: what a node tells of its session, and of those that it does not reach. */
const told = (breaks: readonly Omit<Break, "section">[]) =>
  breaks.map((one) => ({ ...one, section: 6 }));

/** What a node says when something does not work. */
export const SILENCE: readonly Mutation[] = [
  ...mutationsOf(
    "lib/cluster/lifecycle.ts",
    ["tests/cluster/closed_test.ts"],
    told([
      {
        name: "a node that is replaced does not tell that its session is lost",
        find: 'if (reason.code !== "closed") this.#tellLost(granted);',
        replace: "",
      },
      {
        name: "a node that is closed says that it has lost its session",
        find: 'if (reason.code !== "closed") this.#tellLost(granted);',
        replace: "this.#tellLost(granted);",
      },
      {
        name: "closed does not say why",
        find: 'this.#settleClosed({ reason: reason.code === "closed" ? null : reason });',
        replace: "this.#settleClosed({ reason: null });",
      },
    ]),
  ),
  ...mutationsOf(
    "lib/kv/watch_iterator.ts",
    ["tests/cluster/closed_test.ts"],
    told([
      {
        name: "a watch of a node that was replaced ends as if it had seen everything",
        find: "if (isLost) throw reason;",
        replace: "",
      },
    ]),
  ),
  ...mutationsOf(
    "lib/cluster/contacts.ts",
    ["tests/cluster/contacts_test.ts"],
    told([
      {
        name: "each failure to connect is reported",
        find: "contact.isReported = true;\n    const message",
        replace: "const message",
      },
      {
        name: "the first failure to connect is reported",
        find: "const REPORTED_AFTER = 5;",
        replace: "const REPORTED_AFTER = 1;",
      },
      {
        name: "a member that is heard by its own connection is reported",
        find: " || this.#answers(id)) return;",
        replace: ") return;",
      },
      {
        name: "a node that was paused takes all members for silent",
        find: "if (wasPaused) return;",
        replace: "",
      },
      {
        name: "a member that does not vote counts as operational when it is heard again",
        find: "if (incarnation !== null) this.#options.changed(id, incarnation);",
        replace: "this.#options.changed(id, incarnation);",
      },
      {
        name: "the reason of a failure has no bound",
        find: "contact.why = why.slice(0, MAX_REASON);",
        replace: "contact.why = why;",
      },
    ]),
  ),
  ...mutationsOf(
    "lib/cluster/status.ts",
    ["tests/cluster/closed_test.ts"],
    told([
      {
        name: "nothing says why a cluster with clients grants no sessions at first",
        find: "if (wait <= 0) return waiting.includes",
        replace: "if (wait >= 0) return waiting.includes",
      },
    ]),
  ),
  ...mutationsOf(
    "transports/link/reasons.ts",
    ["tests/transports/link/reasons_test.ts"],
    told([
      {
        name: "the reason of a failure repeats an address with what is secret in it",
        find: '.replace(/\'?\\b(?:wss?|https?):\\/\\/\\S*/gi, "")',
        replace: "",
      },
      {
        name: "an address is shown with its query",
        find: "return `${url.protocol}//${url.host}${url.pathname}`;",
        replace: "return url.href;",
      },
    ]),
  ),
  ...mutationsOf(
    "transports/link/redialler.ts",
    ["tests/transports/link/redialler_test.ts"],
    told([
      {
        name: "nothing says that an attempt hangs",
        find: "this.#options.onFailed(`${why} after ${Math.round(patience)} ms`);",
        replace: "",
      },
    ]),
  ),
];
