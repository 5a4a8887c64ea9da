import { assert, assertEquals } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import { encodeDown } from "../../lib/codec/guest_frame.ts";
import { MAX_GUEST_FRAME } from "../../lib/codec/limits.ts";
import type { DownMessage } from "../../lib/codec/guest_messages.ts";
import { batches } from "../../lib/gateway/batches.ts";

const MIB = 2 ** 20;

function framesOf(messages: readonly DownMessage[]): Uint8Array[] {
  return [...batches(messages)].map((batch) =>
    encodeDown({
      ...{ gateway: "0GatewayGatewayGatew", genesis: null, clock: 1, ticket: 1 },
      messages: batch,
    })
  );
}

describe("the frames of a gateway", () => {
  it("are short enough for a guest, with values of any size", () => {
    const messages = Array.from({ length: 30 }, (_, number): DownMessage => ({
      type: "result",
      number,
      outcome: {
        type: "agreed",
        token: 1,
        value: new Uint8Array(number % 3 === 0 ? 8 * MIB : MIB),
      },
    }));
    const frames = framesOf(messages);
    assert(frames.every(({ length }) => length <= MAX_GUEST_FRAME));
    assertEquals([...batches(messages)].flat(), messages);
  });

  it("have no more messages than a guest takes", () => {
    const messages = Array.from({ length: 5_000 }, (_, number): DownMessage => ({
      type: "event",
      number,
      event: { type: "queued" },
    }));
    assert([...batches(messages)].every(({ length }) => length <= 1_000));
    assertEquals([...batches(messages)].flat(), messages);
  });

  it("may be empty", () => {
    assertEquals([...batches([])], [[]]);
  });
});
