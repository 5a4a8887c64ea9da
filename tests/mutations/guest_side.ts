import { type Mutation, mutationsOf } from "./mutation.ts";

const OPERATIONS = ["tests/guest/operations_test.ts"];
const LINK = ["tests/guest/link_test.ts"];
const SESSION = ["tests/guest/session_test.ts"];

/** The duties of a guest. */
export const GUEST_SIDE: readonly Mutation[] = [
  ...mutationsOf("guest/operations.ts", OPERATIONS, [
    {
      section: 13,
      name: "a guest sends to another gateway what the first may still work on",
      find: "if (rest > 0) {",
      replace: "if (rest < 0) {",
    },
    {
      section: 13,
      name: "a guest sends an operation again as a new one",
      find: "again, timeout",
      replace: "again: false, timeout",
    },
    {
      section: 13,
      name: "a guest believes that what was late was not begun",
      find: 'return this.#sendAgain(run, message.code === "not_begun");',
      replace: "return this.#sendAgain(run, true);",
    },
    {
      section: 13,
      name: "what a gateway has not begun counts as sent before",
      find: "wasSent && run.unbegunAt !== gateway;",
      replace: "wasSent;",
    },
    {
      section: 13,
      name: "what one gateway has not begun was begun by no other",
      find: "wasSent && run.unbegunAt !== gateway;",
      replace: "wasSent && run.unbegunAt === undefined;",
    },
    {
      section: 13,
      name: "what a gateway has not begun this time it never began",
      find: "if (isUnbegun && !run.isRepeated) ",
      replace: "if (isUnbegun) ",
    },
    {
      section: 13,
      name: "a guest believes for ever that a gateway has not begun an operation",
      find: "    run.unbegunAt = undefined;\n",
      replace: "",
    },
    {
      section: 13,
      name: "a guest undoes at another gateway what the first may still do",
      find: "for (const gateway of undone.touched) run.touched.add(gateway);",
      replace: "",
    },
    {
      section: 13,
      name: "a guest undoes what it has not cancelled",
      find: "if (wasSent && !isAnswered) yield cancelOf(number);",
      replace: "",
    },
    {
      section: 5,
      name: "a put that another gateway refuses did not take effect",
      find: 'if (run.isRepeated && (run.request.type === "put" || run.request.type === "cell")) {',
      replace: "if (false) {",
    },
    {
      section: 10,
      name: "a call that another gateway refuses was not made",
      find: 'if (run.isRepeated && run.request.type === "call") {',
      replace: "if (false) {",
      tests: ["tests/guest/call_test.ts"],
    },
    {
      section: 10,
      name: "the gateway of a guest ends its calls by its own clock",
      find: "run.isLong ? Infinity : Math.ceil(run.deadline - at.now);",
      replace: "Math.ceil(run.deadline - at.now);",
    },
    {
      section: 13,
      name: "a guest gives up what a gateway did too late to do",
      find: 'if (message.code === "late" || message.code === "not_begun") {',
      replace: "if (false) {",
    },
  ]),
  ...mutationsOf("guest/operations.ts", LINK, [
    {
      section: 4,
      name: "the operations of one turn of a guest share a counter",
      find: "run.since = run.hooks.since ?? this.#clock.next();",
      replace: "run.since = run.hooks.since ?? this.#clock.counter;",
    },
  ]),
  ...mutationsOf("guest/owners.ts", OPERATIONS, [
    {
      section: 13,
      name: "a guest releases without a write what it may have written",
      find: "let unsure = owner.isUnsure(register);",
      replace: "let unsure = false;",
    },
  ]),
  ...mutationsOf("guest/handovers.ts", ["tests/guest/handovers_test.ts"], [
    {
      section: 4,
      name: "a guest does not remember the puts that were handed over to it",
      find: "this.#handovers.once(op, since, () => this.#run(message))",
      replace: "this.#run(message)",
    },
    {
      section: 13,
      name: "a guest tells that a put of an ended process was never made, though it was",
      find: "this.#handovers.once(op, since, () => this.#run(message))",
      replace:
        "(this.#owners.get(this.#shell.session.current, 1) ? this.#handovers.once(op, since, () => this.#run(message)) : this.#run(message))",
    },
  ]),
  ...mutationsOf("guest/link.ts", OPERATIONS, [
    {
      section: 13,
      name: "a guest sends what belongs to a session whose deadline has passed",
      find: "    this.#session.check();\n    const gateway",
      replace: "    const gateway",
    },
  ]),
  ...mutationsOf("guest/link.ts", LINK, [
    {
      section: 13,
      name: "a guest does not compare the genesis",
      find: "if (genesis === null || genesis === this.#genesis) return false;",
      replace: "if (genesis !== this.#parts.identity.id) return false;",
    },
    {
      section: 13,
      name: "a guest believes a gateway that it has turned away from",
      find: "received: (frame) => void (isPresent() && this.#receive(frame)),",
      replace: "received: (frame) => void this.#receive(frame),",
      tests: OPERATIONS,
    },
    {
      section: 13,
      name: "a guest waits for ever for a silent gateway",
      find: "if (++this.#silentLooks >= SILENT_LOOKS && isPushed) {",
      replace: "if (this.#silentLooks > SILENT_LOOKS) {",
    },
    {
      section: 13,
      name: "a guest stays with a gateway that has no quorum",
      find: "if (++this.#ungrantedLooks >= patience) return",
      replace: "if (this.#ungrantedLooks > patience) return",
    },
    {
      section: 13,
      name: "a guest sends more in a frame than gateways take",
      find: "messages.length >= MAX_MESSAGES || ",
      replace: "",
    },
  ]),
  ...mutationsOf("guest/session.ts", LINK, [
    {
      section: 13,
      name: "a guest asks for the next session before there is a quorum",
      find: "if (seeks) return this.#seek();",
      replace: "",
    },
    {
      section: 13,
      name: "a guest looks for no quorum if it learns of the end of its session when it renews it",
      find: "if (this.#stopped || !this.#attached || number !== this.#number) return;",
      replace: "if (this.#stopped || !this.#attached) return;",
      tests: SESSION,
    },
    {
      section: 13,
      name: "a guest whose session is too long for the cluster waits for ever for a quorum",
      find:
        "    const sought = this.#number;\n    this.#events.look().then(() => {\n      if (sought !== this.#number) return;",
      replace:
        "    const sought = this.#lease;\n    this.#events.look().then(() => {\n      if (sought !== this.#lease) return;",
      tests: SESSION,
    },
    {
      section: 13,
      name: "a guest that is refused asks again at once",
      find: "if (this.#refused > 1) this.#renewIn(refusalWait(this.#refused - 2));\n    else",
      replace: "",
      tests: SESSION,
    },
  ]),
  ...mutationsOf("guest/store.ts", OPERATIONS, [
    {
      section: 4,
      name: "a guest sends a put for a process that has ended",
      find: "owner && onAbort(owner.signal, () => run.operation.reject(owner.signal.reason));",
      replace: "undefined as undefined | (() => void);",
    },
  ]),
  ...mutationsOf("guest/calls.ts", ["tests/guest/suites/call_limits_test.ts"], [
    {
      section: 13,
      name: "a guest gives a start up at the time limit of an operation",
      find: "{ deadline: Infinity, signal: aborter.signal }",
      replace: "this.#shell.limits(timeout, aborter.signal)",
    },
  ]),
  ...mutationsOf("guest/locks.ts", ["tests/guest/suites/session_lost_test.ts"], [
    {
      section: 9,
      name: "a guest takes the end of its session for a theft",
      find: "throw this.#isOver(request) ? sessionOver() : stolen();",
      replace: "throw stolen();",
    },
    {
      section: 13,
      name: "a guest's release passes the promise that was kept for it",
      find: "{ undoes: [run], since },",
      replace: "{ undoes: [run] },",
      tests: ["tests/guest/latency_test.ts"],
    },
  ]),
];
