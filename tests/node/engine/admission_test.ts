import { assertEquals } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import { mayAsk, type Role } from "../../../lib/node/engine/admission.ts";
import { life } from "../../support/scripted_node.ts";

const ROLES: readonly Role[] = ["outsider", "client", "member"];

describe("mayAsk()", () => {
  it("takes proofs that a life is over from members and clients, not from others (section 6)", () => {
    for (const type of ["over", "watchLife"] as const) {
      const request = { id: 1, type, life: life(4) };
      assertEquals(ROLES.map((role) => mayAsk(role, request)), [false, true, true]);
    }
  });
});
