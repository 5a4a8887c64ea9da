import { assertEquals, assertInstanceOf, assertMatch, assertStrictEquals, fail } from "@std/assert";
import { type Result, SynodError, type SynodErrorCode } from "../../mod.ts";

/** The value of a result; fails if it has none. */
export function valueOf<T>(result: Result<T, string>): T {
  if (!result.ok) fail(`expected a value, got the error "${result.error}"`);
  return result.value;
}

/** Fails unless `promise` rejects with a `SynodError` of this code; resolves to it. */
export async function assertCode(
  promise: Promise<unknown>,
  code: SynodErrorCode,
): Promise<SynodError> {
  const error = await reasonOf(promise);
  assertInstanceOf(error, SynodError);
  assertStrictEquals(error.code, code);
  return error;
}

/** The reason with which `promise` rejects; fails if it resolves. */
export async function reasonOf(promise: Promise<unknown>): Promise<unknown> {
  let value: unknown;
  try {
    value = await promise;
  } catch (reason) {
    return reason;
  }
  fail(`expected it to reject, but it resolved to ${JSON.stringify(value)}`);
}

/** Fails unless `result` is `invalid_value` with this reason, or with one that matches. */
export function assertInvalid(result: Result<unknown, string>, reason: string | RegExp): void {
  if (result.ok) fail(`expected invalid_value, got ${JSON.stringify(result.value)}`);
  const { error, reason: given, ...others } = result;
  assertEquals([error, Object.keys(others)], ["invalid_value", ["ok"]]);
  if (typeof reason === "string") assertStrictEquals(given, reason);
  else assertMatch(given ?? "no reason", reason);
}
