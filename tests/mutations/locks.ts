import { type Mutation, mutationsOf } from "./mutation.ts";

/** Section 9 and the interface on top of it: order, aborted requests, and the end of a caller's time. */
export const LOCKS: readonly Mutation[] = [
  ...mutationsOf("lib/locks/locks.ts", ["tests/locks/abort_test.ts"], [
    {
      section: 9,
      name: "a lock that is granted after its request was aborted stays held",
      find: "acquiring.then((ticket) => ticket && this.release(ticket), () => {});",
      replace: "acquiring.catch(() => {});",
    },
    {
      section: 9,
      name: "a caller whose time is up is told of something else",
      find: "if (end !== undefined) throw end;",
      replace: "if (end !== undefined) throw error;",
      tests: ["tests/locks/timeout_test.ts"],
    },
  ]),
  ...mutationsOf("lib/locks/process_locks.ts", ["tests/locks/abort_test.ts"], [
    {
      section: 9,
      name: "a process keeps a lock that is granted after its last call was aborted",
      find: "if (shared.users === 0 || aborter.signal.aborted) this.#release(held);",
      replace: "",
    },
    {
      section: 9,
      name: "a call gets the handle of a lock that its process took back",
      find: "      shared.aborter.signal.throwIfAborted();\n",
      replace: "",
    },
    {
      section: 9,
      name: "a process waits for itself",
      find: "if (options.steal || isTooLittle) {",
      replace: "if (options.steal) {",
      tests: ["tests/locks/process_lock_test.ts"],
    },
  ]),
  ...mutationsOf("lib/locks/lock_manager.ts", ["tests/locks/abort_test.ts"], [
    {
      section: 9,
      name: "a request that is aborted before its callback starts keeps its lock",
      find: "      void lock?.release();\n",
      replace: "",
    },
    {
      section: 9,
      name: "a request is called back after it was aborted",
      find: "        signal?.throwIfAborted();\n",
      replace: "",
    },
    {
      section: 9,
      name: "a request whose session is lost before its callback starts is given up",
      find:
        'if (!ifAvailable && error instanceof SynodError && error.code === "session_lost") return;',
      replace: "",
      tests: ["tests/locks/web/order_test.ts"],
    },
    {
      section: 9,
      name: "a request waits for its turn though its lock is lost",
      find: "{ signal, owner: lock?.signal }",
      replace: "{ signal }",
      tests: ["tests/locks/web/order_test.ts"],
    },
    {
      section: 9,
      name: "a request that is queued holds up those behind it",
      find: "lock(key, options, () => this.#order.known(turn));",
      replace: "lock(key, options);",
      tests: ["tests/locks/web/order_test.ts"],
    },
    {
      section: 9,
      name: "a request that has ended holds up those behind it",
      find: "      this.#order.leave(turn);\n",
      replace: "",
      tests: ["tests/locks/web/order_test.ts"],
    },
  ]),
  ...mutationsOf("lib/locks/request_order.ts", ["tests/locks/web/order_test.ts"], [
    {
      section: 9,
      name: "a callback does not wait for those called before it",
      find: "if (turn.hasPassed) return start();",
      replace: "return start();",
    },
    {
      section: 9,
      name: "a callback waits longer than the node's timeout for those called before it",
      find: "{ ...this.#core.limits(), ...signals }",
      replace: "{ deadline: Infinity, ...signals }",
    },
    {
      section: 9,
      name: "requests that have ended are kept behind one that waits",
      find: "    this.#pass(turn);\n    this.#advance();\n",
      replace: "    turn.isKnown = true;\n    this.#advance();\n",
      tests: ["tests/locks/request_order_test.ts"],
    },
    {
      section: 9,
      name: "a callback that waited starts after the one behind it",
      find: "started = new Promise(",
      replace: "if (waiting === undefined) started = new Promise(",
    },
  ]),
  ...mutationsOf("lib/node/runtime/operation.ts", [
    "tests/locks/timeout_test.ts",
  ], [
    {
      section: 5,
      name: "what comes after a caller's time is told in place of its end",
      find: "this.#reject(lateness(this.#limits, this.#runtime.now()) ?? reason);",
      replace: "this.#reject(reason);",
    },
  ]),
  ...mutationsOf("lib/singletons/singletons.ts", ["tests/singletons/call_limits_test.ts"], [
    {
      section: 10,
      name: "a call whose time is up is told of something else",
      find: "throw (error instanceof SynodError && lateness(limits, runtime.now())) || error;",
      replace: "throw error;",
    },
  ]),
  ...mutationsOf("lib/processes/process.ts", ["tests/processes/process_test.ts"], [
    {
      section: 4,
      name: "a process that was told to exit with a reason fails in silence",
      find: "if (hasEnded && !wasAskedFor(why)) this.#report(why);",
      replace: "",
    },
    {
      section: 4,
      name: "a process that was merely told to exit has failed",
      find: "if (hasEnded && !wasAskedFor(why)) this.#report(why);",
      replace: "if (hasEnded) this.#report(why);",
    },
    {
      section: 4,
      name: "a process that has ended still listens to the signal it was spawned with",
      find: "    this.#stopListening();\n",
      replace: "",
    },
  ]),
];
