import { type Mutation, mutationsOf } from "./mutation.ts";

const INBOX = ["tests/singletons/inbox_cancel_test.ts"];
const CANCEL = ["tests/singletons/cancellation_test.ts"];

/** Section 10: calls that their callers do not wait for any more. */
export const CANCELLING: readonly Mutation[] = [
  ...mutationsOf("lib/singletons/inbox.ts", INBOX, [
    {
      section: 10,
      name: "an attempt that was cancelled before it arrived runs",
      find:
        "caller.busy.set(sequence, true);\n    this.#order(caller, sequence);\n    this.#handOn(life, caller);",
      replace: "",
    },
    {
      section: 10,
      name: "an attempt that was cancelled before it arrived holds up those after it",
      find: "    this.#order(caller, sequence);\n    this.#handOn(life, caller);\n",
      replace: "    this.#order(caller, sequence);\n",
    },
    {
      section: 10,
      name: "attempts that are cancelled before they arrive are remembered without a bound",
      find: "if (isKnown || caller.busy.size >= MAX_BUSY) return;",
      replace: "if (isKnown) return;",
    },
    {
      section: 10,
      name: "a cancelled attempt is not known from the next attempts of its caller",
      find:
        "      attempt.unwanted = true;\n      if (attempt.awaited) attempt.cancellation.cancel();",
      replace: "      attempt.unwanted = true;",
    },
    {
      section: 10,
      name: "a cast is cancelled by the next call of its node",
      find: "      attempt.unwanted = true;\n      if (attempt.awaited) attempt",
      replace: "      attempt.unwanted = true;\n      attempt",
    },
    {
      section: 10,
      name: "a caller that asks again counts as silent",
      find: "known.heard = this.#parts.now();",
      replace: "",
    },
  ]),
  ...mutationsOf("lib/singletons/outbound.ts", CANCEL, [
    {
      section: 10,
      name: "a host is not told that its caller waits no more",
      find: "if (!hasOutcome && call?.isGivenUp()) this.#cancel(node, call);",
      replace: "",
    },
  ]),
  ...mutationsOf("lib/singletons/host.ts", CANCEL, [
    {
      section: 10,
      name: "a call goes on although its node is lost",
      find: "this.#inbox.cancelSilent(longest);",
      replace: "",
    },
    {
      section: 10,
      name: "only the first calls are watched for lost callers",
      find: "instance.stopSilent(longest);\n      this.#watchCallers();",
      replace: "instance.stopSilent(longest);",
    },
  ]),
  ...mutationsOf("lib/singletons/instance.ts", CANCEL, [
    {
      section: 10,
      name: "a cancelled call begins",
      find: "if (received.cancellation.isCancelled) {",
      replace: "if (false) {",
    },
  ]),
  ...mutationsOf("lib/gateway/guest_operations.ts", ["tests/guest/cancel_test.ts"], [
    {
      section: 13,
      name: "a gateway that closes cancels the calls of its guests",
      find: "for (const { abort } of this.#entries.values()) abort.abort(LEFT);",
      replace: "for (const { abort } of this.#entries.values()) abort.abort(CANCELLED);",
    },
  ]),
  ...mutationsOf("lib/gateway/guest_operations.ts", ["tests/gateway/sent_again_test.ts"], [
    {
      section: 13,
      name: "a guest that comes back is told that nothing was done, as it was before",
      find: "known !== undefined && !(again && isUndone(operation, known.result))",
      replace: "known !== undefined",
    },
    {
      section: 13,
      name: "a guest that comes back while an operation is under way is told that nothing was done",
      find: "entry.cameAgain && isUndone(operation, result)",
      replace: "false",
    },
  ]),
  ...mutationsOf("lib/gateway/guest_attempts.ts", ["tests/gateway/given_up_test.ts"], [
    {
      section: 13,
      name: "a gateway names attempts that the guest has given up for ever",
      find: "  const open: number[] = [];",
      replace: "  if (sequence > 0) return call;\n  const open: number[] = [];",
    },
    {
      section: 13,
      name: "a gateway takes an attempt that is on its way for one that was given up",
      find: "if (operation === undefined) return call;",
      replace: "if (operation === undefined) continue;",
    },
    {
      section: 13,
      name: "a gateway names the attempts of other channels",
      find: 'if (operation.type !== "call" || operation.birth !== birth) continue;',
      replace: 'if (operation.type !== "call") continue;',
      tests: ["tests/gateway/guest_attempts_test.ts"],
    },
  ]),
  ...mutationsOf("lib/gateway/guest_work.ts", ["tests/guest/cancel_test.ts"], [
    {
      section: 13,
      name: "a host is not told that the guest waits no more",
      find: "limits.signal?.reason === CANCELLED",
      replace: "false",
    },
  ]),
];
