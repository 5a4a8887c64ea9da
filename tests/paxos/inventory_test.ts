import { describe, it } from "@std/testing/bdd";
import { assertEquals } from "@std/assert";
import { absent, accept, asker, makeAcceptor, prepare, value } from "./support/acceptor_script.ts";

describe("the registers that an acceptor lists for a sweep (section 11)", () => {
  it("are also those that it has only promised, and the released ones", () => {
    const acceptor = makeAcceptor();
    acceptor.handle(prepare("5p", "promised"), asker, 0);
    acceptor.handle(accept("6p", value("x", 6), "written"), asker, 0);
    acceptor.handle(accept("7p", absent(7), "released"), asker, 0);
    acceptor.handle({ type: "read", register: "unknown" }, asker, 0);
    const registers = ["promised", "released", "written"];
    assertEquals(acceptor.inventory(""), { registers, more: false });
  });
});
