// Runs in Deno alone: pure; frame_test.ts proves frames in each runtime.
import { assertEquals, assertThrows } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import { FieldWriter } from "../../lib/codec/field_writer.ts";
import { CLOCK, LIFE, OTHER } from "./support/frames.ts";

describe("FieldWriter", () => {
  it("writes counters as distances from the clock, and 0 as null", () => {
    const to = new FieldWriter(CLOCK);
    assertEquals([0, CLOCK, CLOCK - 1, CLOCK + 1].map((one) => to.counter(one)), [null, 0, 1, -1]);
  });

  it("writes each life once, and its number afterwards", () => {
    const to = new FieldWriter(CLOCK);
    assertEquals(["", "~", LIFE, OTHER, LIFE, OTHER, ""].map((one) => to.life(one)), [
      ...[0, 1, LIFE],
      ...[OTHER, 2, 3, 0],
    ]);
  });

  it("writes each session once, and its number afterwards", () => {
    const to = new FieldWriter(CLOCK);
    const sessions = [`w1/${LIFE}/3`, `~x/${LIFE}/0`, `w1/${LIFE}/3`, `w1/${LIFE}/4`];
    assertEquals(sessions.map((one) => to.session(one)), [
      ["w1", LIFE, 3],
      ["~x", 2, 0],
      0,
      ["w1", 2, 4],
    ]);
  });

  it("writes operations of nodes by their life, and of guests as text", () => {
    const to = new FieldWriter(CLOCK);
    assertEquals(to.operation(`${LIFE}/999999999999999`), [LIFE, 999_999_999_999_999]);
    assertEquals(to.operation(`${LIFE}/0`), [2, 0]);
    assertEquals(to.operation(`~x/${LIFE}/1`), [`~x/${LIFE}`, 1]);
    assertEquals(to.operation(`~x/${LIFE}/2`), [`~x/${LIFE}`, 2]);
  });

  it("writes ballots to two fields", () => {
    const to = new FieldWriter(CLOCK);
    assertEquals(to.ballot({ counter: CLOCK - 5, life: LIFE }), [5, LIFE]);
    assertEquals(to.ballot({ counter: 0, life: "" }), [null, 0]);
  });

  it("throws TypeError for a number that is not in its canonical form, and names it", () => {
    const to = new FieldWriter(CLOCK);
    for (const digits of ["", "01", "x", "-1", "1.5", "1e3", " 1", "1000000000000000", "NaN"]) {
      const [operation, session] = [`${LIFE}/${digits}`, `w1/${LIFE}/${digits}`];
      assertThrows(() => to.operation(operation), TypeError, operation);
      assertThrows(() => to.session(session), TypeError, session);
    }
    for (const name of ["", "w1", `w1/${LIFE}`, "/1"]) {
      assertThrows(() => to.session(name), TypeError, "neither an operation nor a session");
    }
  });
});
