import { describe, it } from "@std/testing/bdd";
import { assertEquals } from "@std/assert";
import { checkVisits, type Visit } from "./fenced_resource.ts";

const look = (token: number, before: number, on = "k"): Visit => ({
  on,
  token,
  before,
  written: null,
});
const write = (token: number, before: number, written: number, on = "k"): Visit => ({
  on,
  token,
  before,
  written,
});

describe("checkVisits()", () => {
  it("accepts owners that come one after the other, each key by itself", () => {
    const visits = [
      look(5, 0),
      write(5, 0, 1),
      look(3, 0, "other"),
      look(7, 1),
      look(9, 1),
      write(9, 1, 2),
      write(3, 0, 1, "other"),
    ];
    assertEquals(checkVisits(visits), []);
    assertEquals(checkVisits([]), []);
  });

  it("reports a token that goes back", () => {
    assertEquals(checkVisits([look(9, 0), look(5, 0)]), ["k: token 5 was let in after 9"]);
  });

  it("reports an addition that is lost", () => {
    const visits = [look(5, 0), look(5, 0), write(5, 0, 1), write(5, 1, 1)];
    assertEquals(checkVisits(visits), ["k: token 5 wrote 1 over 1: an addition is lost"]);
  });
});
