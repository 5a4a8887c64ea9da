import { type Mutation, mutationsOf } from "./mutation.ts";

/** Section 9 and its public interface: order, aborted requests, and timeouts of callers. */
export const LOCKS: readonly Mutation[] = [
  ...mutationsOf("lib/locks/locks.ts", ["tests/locks/abort_test.ts"], [
    {
      section: 9,
      name: "a lock that is granted after its request was aborted stays held",
      find: "          void this.release(request);\n          throw signal.reason;",
      replace: "          throw signal.reason;",
    },
  ]),
  ...mutationsOf("lib/paxos/lock_register.ts", ["tests/paxos/lock_permits_test.ts"], [
    {
      section: 9,
      name: "a counted request waits although it fits",
      find: "holders.length >= (entry.permits ?? Infinity)",
      replace: "holders.length + 1 >= (entry.permits ?? Infinity)",
    },
    {
      section: 9,
      name: "a request passes one with fewer permits",
      find: "while (granted < value.queue.length && isCompatible(holders, value.queue[granted])) {",
      replace:
        "value = { ...value, queue: value.queue.toSorted((a, b) => (b.permits ?? 0) - (a.permits ?? 0)) };\n  while (granted < value.queue.length && isCompatible(holders, value.queue[granted])) {",
    },
  ]),
  ...mutationsOf("lib/paxos/lock_register.ts", ["tests/paxos/lock_register_test.ts"], [
    {
      section: 9,
      name: "permits are not counted",
      find: "if (holders.length >= (entry.permits ?? Infinity)) return false;",
      replace: "",
    },
    {
      section: 9,
      name: "one owner more than permits",
      find: "holders.length >= (entry.permits ?? Infinity)",
      replace: "holders.length > (entry.permits ?? Infinity)",
    },
    {
      section: 9,
      name: "a counted owner shares a lock with one that is not",
      find: "(a.permits === undefined) === (b.permits === undefined)",
      replace: "true",
    },
    {
      section: 9,
      name: "a request may have any number of permits",
      find: "permits as number >= 1 && permits as number <= MAX_PERMITS",
      replace: "true",
      tests: ["tests/locks/options_test.ts"],
    },
  ]),
  ...mutationsOf("lib/locks/sent_orders.ts", ["tests/locks/sent_orders_test.ts"], [
    {
      section: 9,
      name: "a request that is handed over loses its permits",
      find: "return { seq: ordered.owner.pid.seq, request, mode, permits, since, label };",
      replace:
        "return { seq: ordered.owner.pid.seq, request, mode, permits: 0 * permits, since, label };",
    },
  ]),
  ...mutationsOf("lib/locks/process_locks.ts", ["tests/locks/permits_test.ts"], [
    {
      section: 9,
      name: "a process gets a lock of another kind with its permits",
      find: "if (shared !== undefined && shared.isCounted !== isCounted) {",
      replace: "if (false) {",
    },
  ]),
  ...mutationsOf("lib/locks/options.ts", ["tests/locks/options_test.ts"], [
    {
      section: 9,
      name: "permits go with a mode",
      find:
        "if (mode !== undefined) throw new TypeError(`${call}: permits and mode exclude each other`);",
      replace: "",
    },
    {
      section: 9,
      name: "permits go with a steal",
      find: "if (steal) throw new TypeError(`${call}: permits and steal exclude each other`);",
      replace: "",
    },
  ]),
  ...mutationsOf("lib/locks/lock_request.ts", ["tests/locks/lock_request_test.ts"], [
    {
      section: 9,
      name: "an entry of a lock carries a long label",
      find: "entry.label = shortLabel(label)",
      replace: "entry.label = label",
    },
  ]),
  ...mutationsOf("lib/locks/sent_orders.ts", ["tests/locks/sent_orders_test.ts"], [
    {
      section: 9,
      name: "a request that is handed over loses its label",
      find: "return { seq: ordered.owner.pid.seq, request, mode, permits, since, label };",
      replace:
        'return { seq: ordered.owner.pid.seq, request, mode, permits, since, label: label && "" };',
    },
  ]),
  ...mutationsOf("lib/locks/whole_labels.ts", ["tests/locks/whole_labels_test.ts"], [
    {
      section: 9,
      name: "a malformed question for labels costs the other messages of its frame",
      find: "} catch {\n    return [];\n  }",
      replace: "} finally {\n    void 0;\n  }",
    },
    {
      section: 9,
      name: "an owner has the label of a later life's request",
      find: "row?.[2] === entry.pid.session && isWhole(",
      replace: "row && isWhole(",
    },
  ]),
  ...mutationsOf("lib/node/engine/ask_node.ts", ["tests/locks/whole_labels_test.ts"], [
    {
      section: 9,
      name: "a node that has closed asks for labels for ever",
      find: "if (!operation.ended) send(0);",
      replace: "send(0);",
    },
  ]),
  ...mutationsOf("lib/codec/field_reader.ts", ["tests/codec/node_messages_test.ts"], [
    {
      section: 9,
      name: "an order may carry a long label",
      find: "isUtf8Within(field, MAX_LABEL_BYTES)",
      replace: "true",
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
      name: "a call gets the handle of a lock that its process has released",
      find: "      shared.aborter.signal.throwIfAborted();\n",
      replace: "",
    },
    {
      section: 9,
      name: "a process waits for itself",
      find: "if (steal || isTooLittle) {",
      replace: "if (steal) {",
      tests: ["tests/locks/process_locks_test.ts"],
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
      find: "signal?.throwIfAborted();\n        lock?.signal.throwIfAborted();",
      replace: "lock?.signal.throwIfAborted();",
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
      name: "a request waits for its turn after its lock is lost",
      find: "{ signal, owner: lock?.signal }",
      replace: "{ signal }",
      tests: ["tests/locks/web/order_test.ts"],
    },
    {
      section: 9,
      name: "a queued request delays later ones",
      find: "request(key, options, () => this.#order.known(turn));",
      replace: "request(key, options);",
      tests: ["tests/locks/web/order_test.ts"],
    },
    {
      section: 9,
      name: "an ended request delays later ones",
      find: "      this.#order.leave(turn);\n",
      replace: "",
      tests: ["tests/locks/web/order_test.ts"],
    },
  ]),
  ...mutationsOf("lib/locks/request_order.ts", ["tests/locks/web/order_test.ts"], [
    {
      section: 9,
      name: "a callback does not wait for earlier callbacks",
      find: "if (turn.hasPassed) return start();",
      replace: "return start();",
    },
    {
      section: 9,
      name: "a callback waits longer than the node's timeout for earlier callbacks",
      find: "{ ...this.#shell.limits(), ...signals }",
      replace: "{ deadline: Infinity, ...signals }",
    },
    {
      section: 9,
      name: "ended requests are kept behind a waiting one",
      find: "    this.#pass(turn);\n    this.#advance();\n",
      replace: "    turn.isKnown = true;\n    this.#advance();\n",
      tests: ["tests/locks/request_order_test.ts"],
    },
    {
      section: 9,
      name: "a callback that waited starts after a later one",
      find: "started = new Promise(",
      replace: "if (waiting === undefined) started = new Promise(",
    },
  ]),
  ...mutationsOf("lib/node/runtime/operation.ts", [
    "tests/locks/timeout_test.ts",
  ], [
    {
      section: 5,
      name: "a later outcome replaces the timeout of a caller",
      find: "this.#reject(lateness(this.#limits, this.#runtime.now()) ?? reason);",
      replace: "this.#reject(reason);",
    },
  ]),
  ...mutationsOf("lib/singletons/singleton_calls.ts", ["tests/singletons/call_limits_test.ts"], [
    {
      section: 10,
      name: "a call past its timeout gets another error",
      find: "throw (error instanceof SynodError && lateness(limits, runtime.now())) || error;",
      replace: "throw error;",
    },
  ]),
  ...mutationsOf("lib/processes/process.ts", ["tests/processes/process_test.ts"], [
    {
      section: 4,
      name: "a process that exits with a reason fails silently",
      find: "if (hasEnded && !wasAskedFor(why)) this.#report(why);",
      replace: "",
    },
    {
      section: 4,
      name: "a process that exits without a reason counts as failed",
      find: "if (hasEnded && !wasAskedFor(why)) this.#report(why);",
      replace: "if (hasEnded) this.#report(why);",
    },
    {
      section: 4,
      name: "an ended process still listens to its spawn signal",
      find: "    this.#stopListening();\n",
      replace: "",
    },
  ]),
];
