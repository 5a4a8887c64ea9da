import { assertEquals } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import { registerId } from "../lib/codec.ts";
import { SynodError } from "../lib/errors.ts";
import { CONFIGURATION, REGISTER_KINDS, type RegisterKind } from "../lib/paxos/register.ts";
import { named, reasonOf, singletonOf } from "../lib/trace_names.ts";

describe("the names in events", () => {
  it("name the kind, the bucket and the key of every register", () => {
    for (const [kind, letter] of Object.entries(REGISTER_KINDS)) {
      for (const bucket of [undefined, "b"]) {
        for (const key of ["k", 7, null, "\ud800", [1, { a: 1 }]]) {
          const name = named(registerId(letter as RegisterKind, bucket, key));
          assertEquals(name as unknown, { kind, bucket: bucket ?? null, key });
        }
      }
    }
    assertEquals(named(CONFIGURATION), { kind: "configuration", bucket: null, key: null });
  });

  it("name the spec and the key of a singleton", () => {
    const register = registerId(REGISTER_KINDS.singleton, "counter", "apple");
    assertEquals(singletonOf(register), { spec: "counter", key: "apple" });
  });

  it("name an error by its code, or else its name", () => {
    assertEquals(reasonOf(new SynodError("no_quorum", "text")), "no_quorum");
    assertEquals(reasonOf(new TypeError("text")), "TypeError");
    assertEquals(reasonOf("text"), "text");
    assertEquals(reasonOf(undefined), "undefined");
    // A DOMException has the number of its name as its code.
    assertEquals(reasonOf(new DOMException("text", "AbortError")), "AbortError");
  });
});
