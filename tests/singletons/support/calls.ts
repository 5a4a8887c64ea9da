import { decodeValue, encodeValue, registerId } from "../../../lib/codec.ts";
import type { SingletonReply } from "../../../lib/singletons/singleton_messages.ts";
import type { CallRequest } from "../../../lib/singletons/inbox.ts";

/** A call as it arrives at a host. */
export function callOf(
  method: string,
  args: readonly unknown[] = [],
  more: Partial<CallRequest> = {},
): CallRequest {
  return {
    type: "call",
    register: registerId("s", "counter", "apple"),
    session: "w1/-P70F6sqFhqk35ea00oQ/1",
    token: 5,
    birth: 1,
    sequence: 1,
    done: 0,
    open: [],
    full: false,
    method,
    args: encodeValue(args, 2 ** 20),
    chain: [],
    awaited: true,
    ...more,
  };
}

/** An answer in a few words: `returned 1`, `threw RangeError: no`, `refused`. */
export function textOf(answer: SingletonReply): string {
  switch (answer.type) {
    case "returned": {
      const [value] = decodeValue(answer.value) as unknown[];
      return `returned ${JSON.stringify(value)}`;
    }
    case "threw":
    case "failed":
      return `${answer.type} ${answer.failure.name}: ${answer.failure.message}`;
    case "started":
      return `started ${answer.pid.seq}`;
    default:
      return answer.type;
  }
}
