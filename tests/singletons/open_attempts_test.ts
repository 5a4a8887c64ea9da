// Runs in Deno alone: pure.
import { assertEquals } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import { OpenAttempts } from "../../lib/singletons/open_attempts.ts";

const [S, OTHER] = ["w1/-P70F6sqFhqk35ea00oQ/1", "w1/-P70F6sqFhqk35ea00oQ/2"];

function start() {
  const log: string[] = [];
  const attempts = new OpenAttempts();
  const add = (name: string, session = S) =>
    attempts.add(session, {
      ask: () => log.push(`ask ${name}`),
      gone: () => log.push(`gone ${name}`),
    });
  const leaving = (session = S) => attempts.leaving(session, () => log.push("settled"));
  return { attempts, add, leaving, log };
}

describe("OpenAttempts (section 10)", () => {
  it("are settled at once where none waits", () => {
    const { add, leaving, log } = start();
    add("a", OTHER);
    assertEquals([leaving(), log], [true, ["settled"]]);
    add("b")();
    assertEquals([leaving(), log], [true, ["settled", "settled"]]);
  });

  it("are asked for again, and settled when the last one waits no more", () => {
    const { add, leaving, log } = start();
    const [a, b] = [add("a"), add("b")];
    assertEquals([leaving(), log], [false, ["ask a", "ask b"]]);
    a();
    a();
    assertEquals(log.length, 2);
    assertEquals([leaving(), log.slice(2)], [false, ["ask b"]]);
    b();
    assertEquals(log.slice(3), ["settled"]);
    b();
    add("c")();
    assertEquals(log.length, 4);
  });

  it("are told that nothing runs in their session any more", () => {
    const { attempts, add, log } = start();
    add("a");
    const b = add("b");
    add("c", OTHER);
    b();
    attempts.gone(S);
    assertEquals(log, ["gone a"]);
  });
});
