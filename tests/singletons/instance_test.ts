import { describe, it } from "@std/testing/bdd";
import { assert, assertEquals, assertMatch, assertStrictEquals } from "@std/assert";
import { decodeValue } from "../../lib/codec.ts";
import type { SingletonReply } from "../../lib/singletons/singleton_messages.ts";
import { Cancellation } from "../../lib/singletons/cancellation.ts";
import type { CallRequest, ReceivedCall } from "../../lib/singletons/inbox.ts";
import { Instance, type InstanceParts } from "../../lib/singletons/instance.ts";
import { turn } from "../support/wait.ts";
import { callOf, textOf } from "./support/calls.ts";

const LIFE = "-P70F6sqFhqk35ea00oR";
const PID = { node: "w1", session: "w1/-P70F6sqFhqk35ea00oQ/1", seq: 7 };

/** Calls that may wait; see `MAX_WAITING`. */
const MAX_WAITING = 10_000;

function make(parts: Partial<InstanceParts> = {}): Instance {
  return new Instance({
    pid: PID,
    token: 5,
    concurrent: false,
    maxValueBytes: 2 ** 20,
    isOpen: () => true,
    now: () => 0,
    failed: () => {},
    ...parts,
  });
}

/** An instance that runs `value`. */
function running(value: unknown, parts: Partial<InstanceParts> = {}): Instance {
  const instance = make(parts);
  instance.begin(value);
  return instance;
}

function received(
  call: CallRequest,
  reply: (reply: SingletonReply) => void,
  begin: () => void = () => {},
): ReceivedCall {
  return { call, node: "w2", life: LIFE, cancellation: new Cancellation(), reply, begin };
}

/** The answer to a call. */
function answerTo(instance: Instance, method: string, ...args: unknown[]): Promise<SingletonReply> {
  return new Promise((resolve) => instance.call(received(callOf(method, args), resolve)));
}

/** The same as text. */
async function ask(instance: Instance, method: string, ...args: unknown[]): Promise<string> {
  return textOf(await answerTo(instance, method, ...args));
}

/** A method that notes when it begins, and ends on request. */
function gated() {
  const log: string[] = [];
  const gates = new Map<string, () => void>();
  return {
    log,
    value: {
      async run(name: string) {
        log.push(`begin ${name}`);
        await new Promise<void>((resolve) => gates.set(name, resolve));
        log.push(`end ${name}`);
        return name;
      },
    },
    async open(name: string) {
      gates.get(name)!();
      await turn();
    },
  };
}

describe("an instance", () => {
  it("calls a method with its arguments, and with the instance as `this`", async () => {
    const counter = {
      sum: 1,
      add(...numbers: number[]) {
        for (const number of numbers) this.sum += number;
        return this.sum;
      },
    };
    const instance = running(counter);
    assertEquals(await ask(instance, "add", 2, 3), "returned 6");
    assertEquals(await ask(instance, "add"), "returned 6");
  });

  it("calls inherited methods, also those that reach private fields, and built-in ones", async () => {
    class Base {
      #n = 0;
      inc() {
        return ++this.#n;
      }
    }
    class Counter extends Base {
      twice() {
        return this.inc() + this.inc();
      }
    }
    const counter = running(new Counter());
    assertEquals(await ask(counter, "twice"), "returned 3");
    assertEquals(await ask(counter, "inc"), "returned 3");
    const map = running(new Map([["a", 1]]));
    assertEquals(await ask(map, "get", "a"), "returned 1");
  });

  it("answers with the value of a promise, and with undefined if nothing is returned", async () => {
    const instance = running({
      later: () => Promise.resolve([1, { two: 2 }]),
      nothing: () => {},
      nothingLater: async () => {},
      none: () => null,
    });
    assertEquals(await ask(instance, "later"), 'returned [1,{"two":2}]');
    for (const method of ["nothing", "nothingLater"]) {
      const answer = await answerTo(instance, method);
      assertEquals(answer.type === "returned" && decodeValue(answer.value), [undefined]);
    }
    assertEquals(await ask(instance, "none"), "returned null");
  });

  it("answers with the name and the message of an error", async () => {
    class Empty extends Error {
      override name = "Empty";
    }
    const throwing = (error: unknown) => () => {
      throw error;
    };
    const instance = running({
      range: throwing(new RangeError("out of it")),
      own: () => Promise.reject(new Empty("nothing left")),
      abort: throwing(new DOMException("enough", "AbortError")),
      text: throwing("only words"),
      nothing: throwing(undefined),
    });
    assertEquals(await ask(instance, "range"), "threw RangeError: out of it");
    assertEquals(await ask(instance, "own"), "threw Empty: nothing left");
    assertEquals(await ask(instance, "abort"), "threw AbortError: enough");
    assertEquals(await ask(instance, "text"), "threw Error: only words");
    assertEquals(await ask(instance, "nothing"), "threw Error: undefined");
  });

  it("answers for any thrown value, also one that cannot be converted to text", async () => {
    const broken = (name: string) =>
      Object.defineProperty(new Error("no"), name, {
        get: () => {
          throw new Error("broken");
        },
      });
    const { proxy, revoke } = Proxy.revocable({}, {});
    revoke();
    const thrown: unknown[] = [
      Object.create(null),
      { toString: () => ({}) },
      broken("name"),
      broken("message"),
      Object.assign(new Error("no"), { name: Symbol("s"), message: Object.create(null) }),
      Object.assign(new Error("\ud800"), { name: "\udc00" }),
      new Error("x".repeat(100_000)),
      Symbol("s"),
      proxy,
    ];
    for (const error of thrown) {
      const instance = running({
        fail: () => {
          throw error;
        },
        ok: () => 1,
      });
      assertEquals((await answerTo(instance, "fail")).type, "threw");
      assertEquals(await ask(instance, "ok"), "returned 1");
    }
  });

  it("answers that a result cannot be sent: a function, an instance, a malformed text", async () => {
    const instance = running({
      function: () => () => 1,
      instance: () => new (class Point {})(),
      text: () => "\ud800",
      cycle: () => {
        const list: unknown[] = [];
        list.push(list);
        return list;
      },
      large: () => new Uint8Array(2 ** 20),
      throwing: () => ({
        get value() {
          throw new RangeError("no value");
        },
      }),
    });
    for (const method of ["function", "instance", "text", "cycle", "large"]) {
      const expected = new RegExp(
        `^threw TypeError: ${method}\\(\\) returned a value that cannot be sent`,
      );
      assertMatch(await ask(instance, method), expected);
    }
    assertEquals(await ask(instance, "throwing"), "threw RangeError: no value");
  });

  it("has only the methods of its own interface: no getters, no fields, no methods of every object", async () => {
    let touched = 0;
    class Counter {
      field = 1;
      _private() {
        touched++;
      }
      // deno-lint-ignore no-explicit-any -- any value at all
      then(resolve: any) {
        touched++;
        resolve(1);
      }
      get lazy() {
        touched++;
        return () => touched++;
      }
      inc() {
        return 1;
      }
    }
    class Shadowing extends Counter {
      // @ts-expect-error a field in place of a method
      override inc = 7;
    }
    // A value with `then` is given to `begin` directly: a promise would take it for a promise.
    const instances: [Instance, string[]][] = [
      [running(new Counter()), ["field", "_private", "then", "lazy"]],
      [running(new Shadowing()), ["inc"]],
      [running({ inc: () => 1 }), []],
      [running(Object.assign(() => touched++, { inc: () => 1 })), [
        "call",
        "apply",
        "bind",
        "name",
      ]],
      [running([1]), ["length", "0"]],
    ];
    const never = [
      "",
      "nothing",
      "constructor",
      "toString",
      "valueOf",
      "hasOwnProperty",
      "__proto__",
      "__defineGetter__",
      "__lookupSetter__",
      "isPrototypeOf",
    ];
    for (const [instance, names] of instances) {
      for (const name of [...names, ...never]) {
        if (name === "toString" && names.includes("length")) continue; // arrays have their own
        const expected = `threw TypeError: The instance has no method ${JSON.stringify(name)}`;
        assertEquals(await ask(instance, name), expected);
      }
    }
    assertEquals(touched, 0);
  });

  it("has no methods if its start has made nothing", async () => {
    for (const value of [undefined, null, 1, "text", Object.create(null)]) {
      assertMatch(await ask(running(value), "toString"), /^threw TypeError/);
    }
  });

  it("refuses arguments that are not a list, and goes on", async () => {
    const instance = running({ inc: () => 1 });
    for (const args of [Uint8Array.of(0x01), Uint8Array.of(0xff), new Uint8Array()]) {
      const answer = await new Promise<SingletonReply>((resolve) =>
        instance.call(received(callOf("inc", [], { args }), resolve))
      );
      assertEquals(answer.type, "threw");
    }
    assertEquals(await ask(instance, "inc"), "returned 1");
  });

  it("runs one call at a time, in the order of arrival", async () => {
    const { log, value, open } = gated();
    const instance = running(value);
    const answers = ["a", "b", "c"].map((name) => ask(instance, "run", name));
    await turn();
    assertEquals(log, ["begin a"]);
    await open("a");
    assertEquals(log, ["begin a", "end a", "begin b"]);
    await open("b");
    await open("c");
    assertEquals(log.slice(3), ["end b", "begin c", "end c"]);
    assertEquals(await Promise.all(answers), ['returned "a"', 'returned "b"', 'returned "c"']);
  });

  it("signals the begin of each call, but never of a refused one", async () => {
    const { value, open } = gated();
    const instance = running(value);
    const begun: string[] = [];
    const answers = ["a", "b", "c"].map((name) =>
      new Promise((resolve) =>
        instance.call(received(callOf("run", [name]), resolve, () => begun.push(name)))
      )
    );
    assertEquals(begun, ["a"]);
    await open("a");
    assertEquals(begun, ["a", "b"]);
    instance.end();
    await open("b");
    await Promise.all(answers);
    assertEquals(begun, ["a", "b"]);
  });

  it("goes on with the next call after one that threw", async () => {
    const instance = running({
      fail: () => Promise.reject(new Error("no")),
      ok: () => 1,
    });
    const answers = ["fail", "ok", "nothing", "ok"].map((method) => ask(instance, method));
    assertEquals((await Promise.all(answers)).map((text) => text.split(" ")[0]), [
      "threw",
      "returned",
      "threw",
      "returned",
    ]);
  });

  it("runs calls at the same time if it is concurrent, begun in the order of arrival", async () => {
    const { log, value, open } = gated();
    const instance = running(value, { concurrent: true });
    const answers = ["a", "b", "c"].map((name) => ask(instance, "run", name));
    await turn();
    assertEquals(log, ["begin a", "begin b", "begin c"]);
    for (const name of ["c", "a", "b"]) await open(name);
    assertEquals(log.slice(3), ["end c", "end a", "end b"]);
    assertEquals(await Promise.all(answers), ['returned "a"', 'returned "b"', 'returned "c"']);
  });

  it("keeps calls until its start is complete, then runs them", async () => {
    for (const concurrent of [false, true]) {
      const instance = make({ concurrent });
      const answers = [1, 2].map((n) => ask(instance, "twice", n));
      let early = 0;
      for (const answer of answers) answer.then(() => early++);
      await turn();
      assertEquals(early, 0);
      instance.begin({ twice: (n: number) => 2 * n });
      assertEquals(await Promise.all(answers), ["returned 2", "returned 4"]);
    }
  });

  it("fails the calls that wait when its start fails", async () => {
    const instance = make();
    const answers = [1, 2].map(() => ask(instance, "inc"));
    instance.fail(new RangeError("no start"));
    assertEquals(await Promise.all(answers), Array(2).fill("failed RangeError: no start"));
  });

  it("refuses the calls that wait when it ends, and still answers the one that runs", async () => {
    const { value, open } = gated();
    const instance = running(value);
    const [first, ...waiting] = ["a", "b", "c"].map((name) => ask(instance, "run", name));
    instance.end();
    assertEquals(await Promise.all(waiting), ["refused", "refused"]);
    await open("a");
    assertEquals(await first, 'returned "a"');
  });

  it("checks at the begin of each call whether it may still act", async () => {
    const { log, value, open } = gated();
    let isOpen = true;
    const instance = running(value, { isOpen: () => isOpen });
    const answers = ["a", "b", "c"].map((name) => ask(instance, "run", name));
    isOpen = false;
    await open("a");
    assertEquals(await Promise.all(answers), ['returned "a"', "refused", "refused"]);
    assertEquals(log, ["begin a", "end a"]);
    assertEquals(await ask(instance, "run", "d"), "refused");
  });

  it("is busy if 10,000 calls wait, and takes more when some of them are over", async () => {
    const { value, open } = gated();
    const instance = running({ ...value, quick: () => 1 });
    const counts: Record<string, number> = {};
    const count = (answer: SingletonReply) =>
      void (counts[answer.type] = (counts[answer.type] ?? 0) + 1);
    instance.call(received(callOf("run", ["first"]), count));
    for (let n = 0; n < MAX_WAITING; n++) instance.call(received(callOf("quick"), count));
    assertEquals(counts, {});
    for (let n = 0; n < 5; n++) instance.call(received(callOf("quick"), count));
    assertEquals(counts, { busy: 5 });
    await open("first");
    while (counts.returned !== MAX_WAITING + 1) {
      assert((counts.returned ?? 0) <= MAX_WAITING);
      await turn();
    }
    assertEquals(await ask(instance, "quick"), "returned 1");
    assertEquals(counts, { busy: 5, returned: MAX_WAITING + 1 });
  });

  it("has its pid and its token", () => {
    const instance = make();
    assertStrictEquals(instance.pid, PID);
    assertEquals(instance.token, 5);
  });
});

describe("Instance.underWay", () => {
  it("has the first calls that have begun, the beginnings of their names, and how many there are", () => {
    const name = "x".repeat(99);
    const never = () => new Promise<void>(() => {});
    const instance = running({ [`${name}🍎`]: never }, { concurrent: true });
    for (let n = 0; n < 12; n++) instance.call(received(callOf(`${name}🍎`, []), () => {}));
    const { token, begun, waiting, running: told } = instance.underWay;
    assertEquals([token, begun, waiting, told.length], [5, 12, 0, 10]);
    assertEquals(told[0], { method: `${name}\ufffd`, from: "w2" });
  });
});

describe("a stream of an instance", () => {
  /** An instance with streams of numbers, and the answers to its calls. */
  function streaming() {
    const log: string[] = [];
    const instance = running({
      async *count() {
        for (let n = 1;; n++) yield n;
      },
      own: () => ({
        [Symbol.asyncIterator]: () => ({
          next: () => Promise.resolve({ done: false, value: 1 }),
          return: () => {
            log.push("returned");
            return Promise.resolve({ done: true, value: undefined });
          },
        }),
      }),
    });
    const from = (life: string, method: string, args: unknown[], awaited = true) =>
      new Promise<SingletonReply>((resolve) => {
        const call = callOf(method, args, { awaited });
        instance.call({ ...received(call, resolve), life });
      });
    return { instance, log, from };
  }

  it("has a number, by which its caller asks for items", async () => {
    const { from } = streaming();
    const opened = await from(LIFE, "count", []);
    assert(opened.type === "returned");
    assertEquals(decodeValue(opened.value), [null, 1]);
    for (const n of [1, 2]) assertEquals(textOf(await from(LIFE, "_next", [1])), `returned ${n}`);
  });

  it("is followed, kept and ended only by the life that has opened it", async () => {
    const { instance, from, log } = streaming();
    await from(LIFE, "own", []);
    for (const [method, answer] of [["_next", "refused"], ["_keep", "refused"], ["_end", ""]]) {
      const { type } = await from("-P70F6sqFhqk35ea00oZ", method, [1]);
      assertEquals(type, answer === "" ? "returned" : answer);
    }
    assertEquals([instance.streams, log], [1, []]);
    await from(LIFE, "_end", [1]);
    assertEquals([instance.streams, log], [0, ["returned"]]);
  });

  it("is not opened for a cast: its iterator returns at once", async () => {
    const { instance, from, log } = streaming();
    await from(LIFE, "own", [], false);
    assertEquals([instance.streams, log], [0, ["returned"]]);
  });

  it("is not found by what is no number of one", async () => {
    const { from } = streaming();
    await from(LIFE, "count", []);
    for (const args of [[], ["1"], [2], [null], [-1]]) {
      assertEquals((await from(LIFE, "_next", args)).type, "refused");
    }
  });

  it("takes one question for an item at a time", async () => {
    const { from } = streaming();
    await from(LIFE, "count", []);
    const answers = await Promise.all([from(LIFE, "_next", [1]), from(LIFE, "_next", [1])]);
    assertEquals(answers.map(({ type }) => type), ["returned", "busy"]);
  });
});
