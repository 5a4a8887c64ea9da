import { assertEquals } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import type { GuestCall } from "../../lib/codec/guest_messages.ts";
import { presentNumbers } from "../../lib/gateway/guest_attempts.ts";

type Call = GuestCall & { readonly type: "call" };

function call(birth: number, sequence: number): Call {
  const about = { register: "slog/k", session: "h/HHHHHHHHHHHHHHHHHHHH/1", token: 1 };
  const numbers = { birth, sequence, done: 0, open: [1, 2, 3], full: false };
  return { type: "call", ...about, ...numbers, method: "add", args: new Uint8Array() };
}

describe("the numbers of a call that a gateway sends again", () => {
  it("name what the guest still waits for in the same channel", () => {
    const earlier = [{ type: "status" } as const, call(7, 2), call(8, 3)];
    const numbers = { birth: 7, sequence: 4, done: 1, open: [2], full: false };
    assertEquals(presentNumbers(call(7, 4), earlier), numbers);
    assertEquals(presentNumbers(call(7, 4), []), { ...numbers, done: 3, open: [] });
  });

  it("are those of the guest as long as an earlier operation may be on its way", () => {
    const mine = call(7, 4);
    assertEquals(presentNumbers(mine, [call(7, 2), undefined]), mine);
  });

  it("are not more than a hundred", () => {
    const earlier = Array.from({ length: 200 }, (_, index) => call(7, index + 1));
    const { open, full } = presentNumbers(call(7, 201), earlier);
    assertEquals([open.length, full], [100, true]);
  });
});
