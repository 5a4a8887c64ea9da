/**
 * Twelve programs with classic bugs. Each file has a program, the same without its bug, and a test that finds it:
 * `docs/testing.md` explains how.
 *
 * @module
 */
import type { Bug } from "./bug.ts";
import { checkThenAct } from "./check_then_act.ts";
import { forgottenCount } from "./forgotten_count.ts";
import { goneForGood } from "./gone_for_good.ts";
import { hastyRead } from "./hasty_read.ts";
import { ignoredToken } from "./ignored_token.ts";
import { keptLock } from "./kept_lock.ts";
import { lateWrite } from "./late_write.ts";
import { missingAwait } from "./missing_await.ts";
import { ownValue } from "./own_value.ts";
import { repeatedCall } from "./repeated_call.ts";
import { twoOrders } from "./two_orders.ts";
import { unknownOutcome } from "./unknown_outcome.ts";

/** All of them, by the names of their files. */
// deno-lint-ignore no-explicit-any -- each test knows the type of its programs
export const BUGS: Readonly<Record<string, Bug<any>>> = {
  check_then_act: checkThenAct,
  forgotten_count: forgottenCount,
  gone_for_good: goneForGood,
  hasty_read: hastyRead,
  ignored_token: ignoredToken,
  kept_lock: keptLock,
  late_write: lateWrite,
  missing_await: missingAwait,
  own_value: ownValue,
  repeated_call: repeatedCall,
  two_orders: twoOrders,
  unknown_outcome: unknownOutcome,
};
