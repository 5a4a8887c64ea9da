// Runs in Deno alone: pure.
import { assertEquals } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import {
  cellChange,
  type CellCommand,
  type CellFormat,
  type CellOperation,
  type CellResult,
  type CellValue,
  MAX_WRITERS,
} from "../../lib/paxos/cell_register.ts";
import type { State } from "../../lib/paxos/register.ts";

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);
const textOf = (value: Uint8Array | null): string | null =>
  value && new TextDecoder().decode(value);

/** States as text: `value|op:token,op:token`, with `-` for absence. */
const FORMAT: CellFormat = {
  read({ value }): CellValue {
    const [content, list] = textOf(value)!.split("|");
    const writers = list.split(",").map((one) => {
      const [op, token] = one.split(":");
      return { op: op === "-" ? null : op, token: Number(token) };
    });
    return { value: bytes(content), writers };
  },
  write: ({ value, writers }) =>
    bytes(`${textOf(value)}|${writers.map(({ op, token }) => `${op ?? "-"}:${token}`)}`),
};

/** A state with this content; `""`: absent. */
function stateOf(content: string, token: number): State {
  if (content === "") return { present: false, token };
  const written = { token, over: 0, op: "x/1", value: bytes(content) };
  return { ...written, present: true, bindings: [], owners: [] };
}

const operation = (command: CellCommand, firstAccept?: number): CellOperation => ({
  ...{ op: "w/1", command, written: new Map() },
  firstAccept,
});

/** What an operation makes of a content at a ballot, and its result, as text. */
function run(
  of: CellOperation,
  content: string,
  token: number,
  counter: number,
  limit?: number,
): [next: string | null, result: string] {
  const state = stateOf(content, token);
  const ballot = { counter, life: "w" };
  const { draft, result } = cellChange(of, FORMAT, limit)({ state, token, ballot });
  const next = draft === null ? null : draft.present ? textOf(draft.value) : "";
  return [next, show(result)];
}

function show(result: CellResult): string {
  return result.kind === "done" ? `${textOf(result.value)}@${result.token}` : result.kind;
}

const SET: CellCommand = { type: "set", value: bytes("v") };
const DELETE: CellCommand = { type: "delete" };
const APPEND: CellCommand = {
  type: "update",
  next: (now) => bytes(`${textOf(now) ?? ""}v`),
};
const swap = (token: number): CellCommand => ({
  ...{ type: "compareAndSet", token, value: bytes("v") },
});

describe("cellChange() (section 10)", () => {
  it("sets a value, and notes its writer behind those before", () => {
    assertEquals(run(operation(SET), "", 3, 9), ["v|-:3,w/1:9", "v@9"]);
    assertEquals(run(operation(SET), "u|-:3,x/1:5", 5, 9), ["v|-:3,x/1:5,w/1:9", "v@9"]);
  });

  it("updates a value, with null for none, and deletes it with null", () => {
    assertEquals(run(operation(APPEND), "", 3, 9), ["v|-:3,w/1:9", "v@9"]);
    assertEquals(run(operation(APPEND), "u|x/1:5", 5, 9), ["uv|x/1:5,w/1:9", "uv@9"]);
    const nothing = operation({ type: "update", next: () => null });
    assertEquals(run(nothing, "u|x/1:5", 5, 9), ["", "null@9"]);
    assertEquals(run(nothing, "", 5, 9), [null, "null@0"]);
  });

  it("deletes a value; nothing is written if there is none", () => {
    assertEquals(run(operation(DELETE), "u|x/1:5", 5, 9), ["", "null@9"]);
    assertEquals(run(operation(DELETE), "", 5, 9), [null, "null@0"]);
  });

  it("compares the token, which is 0 without a value", () => {
    assertEquals(run(operation(swap(5)), "u|x/1:5", 5, 9), ["v|x/1:5,w/1:9", "v@9"]);
    assertEquals(run(operation(swap(4)), "u|x/1:5", 5, 9), [null, "conflict"]);
    assertEquals(run(operation(swap(0)), "u|x/1:5", 5, 9), [null, "conflict"]);
    assertEquals(run(operation(swap(0)), "", 5, 9), ["v|-:5,w/1:9", "v@9"]);
    assertEquals(run(operation(swap(5)), "", 5, 9), [null, "conflict"]);
  });

  it("keeps the newest writers", () => {
    assertEquals(run(operation(SET), "u|-:3,x/1:5", 5, 9, 2), ["v|x/1:5,w/1:9", "v@9"]);
    assertEquals(run(operation(SET), "u|-:3,x/1:5", 5, 9, 1), ["v|w/1:9", "v@9"]);
    let content = "";
    for (let token = 1; token <= 100; token++) {
      content = run({ ...operation(SET), op: `x/${token}` }, content, token - 1, token)[0]!;
    }
    const writers = content.split("|")[1].split(",");
    assertEquals([writers.length, writers[0]], [MAX_WRITERS, "x/37:37"]);
  });

  it("has taken effect if its op is among the writers, also if others wrote since", () => {
    for (const command of [SET, swap(2)]) {
      assertEquals(run(operation(command, 4), "v|-:3,w/1:4", 4, 9), [null, "v@4"]);
      assertEquals(run(operation(command, 7), "u|w/1:4,x/1:8", 8, 9), [null, "v@4"]);
    }
    const update = operation(APPEND);
    assertEquals(run(update, "u|x/1:3", 3, 4)[0], "uv|x/1:3,w/1:4");
    assertEquals(run(update, "t|x/2:5", 5, 6)[0], "tv|x/2:5,w/1:6");
    assertEquals(run(update, "z|x/1:3,w/1:4,x/3:8", 8, 9), [null, "uv@4"]);
    assertEquals(run(update, "z|x/2:5,w/1:6,x/3:8", 8, 9), [null, "tv@6"]);
  });

  it("was never chosen if the oldest writer is below its first accept: it is tried again", () => {
    assertEquals(run(operation(SET, 6), "u|x/1:5,x/2:8", 8, 9), ["v|x/1:5,x/2:8,w/1:9", "v@9"]);
    assertEquals(run(operation(SET, 6), "u|-:5,x/2:8", 8, 9)[1], "v@9");
    assertEquals(run(operation(SET, 6), "", 5, 9)[1], "v@9");
    assertEquals(run(operation(DELETE, 6), "u|x/1:5,x/2:8", 8, 9), ["", "null@9"]);
    assertEquals(run(operation(swap(4), 6), "u|x/1:5,x/2:8", 8, 9), [null, "conflict"]);
  });

  it("cannot be known else", () => {
    for (const command of [SET, APPEND, swap(8), swap(0), DELETE]) {
      assertEquals(run(operation(command, 6), "u|x/1:6,x/2:8", 8, 9), [null, "unknown"]);
      assertEquals(run(operation(command, 6), "u|-:7,x/2:8", 8, 9), [null, "unknown"]);
    }
    for (const command of [SET, APPEND, swap(0)]) {
      assertEquals(run(operation(command, 6), "", 6, 9), [null, "unknown"]);
    }
    // For a delete it is enough that there is no value.
    assertEquals(run(operation(DELETE, 6), "", 8, 9), [null, "null@0"]);
  });

  it("cannot be known if what it wrote then is not kept any more", () => {
    const update = operation(APPEND);
    for (let counter = 4; counter < 21; counter++) run(update, "u|x/1:3", 3, counter);
    assertEquals(run(update, "z|x/1:3,w/1:5,x/3:30", 30, 31), [null, "uv@5"]);
    assertEquals(run(update, "z|x/1:3,w/1:4,x/3:30", 30, 31), [null, "unknown"]);
  });
});
