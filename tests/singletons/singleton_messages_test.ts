import { describe, it } from "@std/testing/bdd";
import { assertEquals, assertGreater, assertInstanceOf, assertThrows } from "@std/assert";
import { decodeValue, encodeValue, MalformedError, registerId } from "../../lib/codec.ts";
import {
  type CallsUnderWay,
  decodeSingletonReply,
  decodeSingletonRequest,
  encodeSingletonReply,
  encodeSingletonRequest,
  MAX_ASKED,
  MAX_CHAIN,
  MAX_METHOD,
  MAX_OPEN,
  MAX_TOLD,
  MAX_TOLD_METHOD,
  MAX_UNSURE,
  type SingletonReply,
  type SingletonRequest,
} from "../../lib/singletons/singleton_messages.ts";
import { SynodError } from "../../lib/errors.ts";
import { sendable, toFailure } from "../../lib/singletons/failure.ts";
import { Random } from "../../testing/random.ts";
import { MalformedFrames } from "../support/malformed_frames.ts";

const SESSION = "w1/-P70F6sqFhqk35ea00oQ/1";
const REGISTER = registerId("s", "counter", "apple");
const ARGS = encodeValue([1, "two"], 100);

const START: SingletonRequest & { type: "start" } = {
  type: "start",
  register: REGISTER,
  spec: "counter",
  args: ARGS,
  timeout: 1999.5,
  chain: [],
  background: false,
  kept: false,
  after: null,
};

const CALL: SingletonRequest & { type: "call" } = {
  type: "call",
  register: REGISTER,
  session: SESSION,
  token: 1_800_000_000_000_123,
  birth: 1_800_000_000_000_007,
  sequence: 42,
  done: 40,
  open: [41],
  full: false,
  method: "inc",
  args: ARGS,
  chain: [],
  awaited: true,
};

const CANCEL: SingletonRequest & { type: "cancel" } = {
  type: "cancel",
  session: SESSION,
  birth: 1_800_000_000_000_007,
  sequence: 42,
};

const CALLER = "~g/-P70F6sqFhqk35ea00oR";

const DEPARTED: SingletonRequest & { type: "departed" } = {
  type: "departed",
  session: SESSION,
  unsure: [`-P70F6sqFhqk35ea00oR/5/7`, `~g/-P70F6sqFhqk35ea00oS/5/7`],
};

const GONE: SingletonRequest & { type: "gone" } = { type: "gone", session: SESSION };

const CALLS_OF: SingletonRequest & { type: "callsOf" } = {
  type: "callsOf",
  registers: [REGISTER, registerId("s", "x", [1])],
};

const CALLS: CallsUnderWay = {
  ...{ token: 1_800_000_000_000_123, begun: 3, waiting: 10_000 },
  running: [{ method: "inc", from: "w2" }, { method: "", from: "~g" }],
};

const MANY = Array.from({ length: MAX_OPEN }, (_, n) => 2 ** 40 + n);

const QUESTIONS: readonly SingletonRequest[] = [
  START,
  { ...START, timeout: 0, spec: "Zähler 🍎", register: registerId("s", "x".repeat(200), [1]) },
  { ...START, timeout: 2 ** 31, args: new Uint8Array() },
  { ...START, chain: [REGISTER, registerId("s", "x", [1])], background: true },
  { ...START, kept: true, after: 0 },
  { ...START, after: Number.MAX_SAFE_INTEGER },
  CALL,
  {
    ...CALL,
    token: 0,
    birth: 0,
    sequence: 0,
    done: 0,
    open: [],
    method: "m",
    args: new Uint8Array(),
  },
  { ...CALL, method: "x".repeat(MAX_METHOD), token: Number.MAX_SAFE_INTEGER },
  { ...CALL, args: new Uint8Array(8 * 2 ** 20) },
  { ...CALL, chain: Array(MAX_CHAIN).fill(REGISTER) },
  { ...CALL, awaited: false },
  { ...CALL, caller: CALLER },
  CANCEL,
  { ...CANCEL, sequence: 0, caller: CALLER },
  { ...CALL, sequence: 2 ** 50, open: MANY, full: true },
  GONE,
  { type: "leaving", session: SESSION },
  { type: "hasDeparted", session: SESSION },
  DEPARTED,
  { ...DEPARTED, unsure: Array(MAX_UNSURE).fill("x".repeat(160)) },
  CALLS_OF,
  { ...CALLS_OF, registers: [] },
  { ...CALLS_OF, registers: Array(MAX_ASKED).fill(REGISTER) },
];

const ANSWERS: readonly SingletonReply[] = [
  { type: "started", pid: { node: "w1", session: SESSION, seq: 7 }, token: 12 },
  { type: "failed", byHost: false, failure: toFailure(new RangeError("no")) },
  { type: "failed", byHost: true, failure: toFailure(new SynodError("no_host", "")) },
  { type: "returned", value: encodeValue([undefined], 100) },
  { type: "returned", value: new Uint8Array(8 * 2 ** 20) },
  { type: "threw", failure: toFailure(new Error("🍎".repeat(5_000))) },
  { type: "threw", failure: toFailure(new Error("a", { cause: new Error("b", { cause: "c" }) })) },
  { type: "running" },
  { type: "begun" },
  { type: "refused" },
  { type: "busy" },
  { type: "stale" },
  { type: "settled" },
  { type: "noted" },
  { type: "departed", unsure: [] },
  { type: "departed", unsure: DEPARTED.unsure },
  { type: "unknown" },
  { type: "calls", instances: [] },
  { type: "calls", instances: [null, CALLS, { ...CALLS, begun: 0, waiting: 0, running: [] }] },
  { type: "calls", instances: Array(MAX_ASKED).fill(null) },
];

/** Replacement values for a field: values at the edges of what a field allows. */
const EDGES: readonly unknown[] = [
  null,
  undefined,
  true,
  "",
  "w1",
  SESSION,
  REGISTER,
  "s",
  "x".repeat(1_001),
  -1,
  0.5,
  99,
  2 ** 31 + 1,
  2 ** 53,
  NaN,
  Infinity,
  1n,
  new Uint8Array(),
  [],
  {},
  new Date(0),
];

function kindOf(value: unknown): string {
  return typeof value === "object" ? value?.constructor.name ?? "null" : typeof value;
}

/** Bodies that differ from `body` in one field, are too short or too long, or are not a list. */
function* spoiled(body: Uint8Array): Generator<Uint8Array> {
  const fields = decodeValue(body) as unknown[];
  const encode = (value: unknown) => encodeValue(value, 2 ** 24);
  for (const [index, field] of fields.entries()) {
    for (const edge of EDGES) {
      // A value of the same kind may be valid; the first field determines what the others are.
      if (kindOf(edge) === kindOf(field) && index > 0) continue;
      // A number or null: the values that are refused are listed below.
      if (field === null) continue;
      yield encode(fields.with(index, edge));
    }
  }
  yield encode(fields.slice(0, -1));
  yield encode([...fields, 1]);
  yield encode([]);
  yield encode(fields[0]);
  yield encode({ ...fields });
}

/** Decodes arbitrary bytes: the result, or `undefined` if they were refused with the right error. */
function attempt<T>(decode: (body: Uint8Array) => T, body: Uint8Array): T | undefined {
  try {
    return decode(body);
  } catch (error) {
    assertInstanceOf(error, MalformedError);
  }
}

describe("encodeSingletonRequest() and decodeSingletonRequest()", () => {
  it("keep every question", () => {
    for (const question of QUESTIONS) {
      assertEquals(decodeSingletonRequest(encodeSingletonRequest(question)), question);
    }
  });

  it("refuse a question with a field of another kind, one too few or one too many", () => {
    for (const question of [{ ...CALL, caller: CALLER }, { ...CANCEL, caller: CALLER }]) {
      const fields = decodeValue(encodeSingletonRequest(question)) as unknown[];
      const body = encodeValue([...fields, CALLER], 2 ** 24);
      assertEquals(decodeSingletonRequest(body), undefined);
    }
    for (const question of [START, CALL, CANCEL, GONE, DEPARTED, CALLS_OF]) {
      for (const body of spoiled(encodeSingletonRequest(question))) {
        assertEquals(decodeSingletonRequest(body), undefined);
      }
    }
  });

  it("refuse numbers out of bounds, and names that are too long or invalid", () => {
    const bad: SingletonRequest[] = [
      { ...START, timeout: -1 },
      { ...START, timeout: 2 ** 31 + 1 },
      { ...START, timeout: NaN },
      { ...START, register: "apple" },
      { ...START, spec: "" },
      { ...START, spec: "x".repeat(201) },
      { ...CALL, register: "" },
      { ...CALL, session: "w1" },
      { ...CALL, session: `${SESSION} ` },
      { ...CALL, method: "" },
      { ...CALL, method: "x".repeat(MAX_METHOD + 1) },
      { ...CALL, sequence: 2 ** 50, open: [...MANY, 2 ** 45] },
      { ...CALL, open: [41, 41] },
      { ...CALL, sequence: 50, open: [42, 41] },
      { ...CALL, open: [], full: true },
      { ...CALL, chain: Array(MAX_CHAIN + 1).fill(REGISTER) },
      { ...CALL, chain: ["s"] },
      { ...START, chain: [REGISTER, 1 as unknown as string] },
      { ...GONE, session: "w1" },
      { ...CANCEL, session: "w1" },
      { ...DEPARTED, session: "w1" },
      { ...DEPARTED, unsure: [1 as unknown as string] },
      { ...DEPARTED, unsure: ["x".repeat(161)] },
      { ...DEPARTED, unsure: Array(MAX_UNSURE + 1).fill("x") },
      { ...CALLS_OF, registers: ["apple"] },
      { ...CALLS_OF, registers: [REGISTER, 1 as unknown as string] },
      { ...CALLS_OF, registers: Array(MAX_ASKED + 1).fill(REGISTER) },
      { ...CANCEL, birth: -1 },
      { ...CANCEL, sequence: 0.5 },
      { ...CANCEL, caller: "w1" },
      { ...CALL, caller: "g/-P70F6sqFhqk35ea00oR" },
    ];
    for (const value of [-1, 0.5, NaN, 2 ** 53, "1", true]) {
      bad.push({ ...START, after: value as number });
    }
    for (const name of ["token", "birth", "sequence", "done"] as const) {
      for (const value of [-1, 0.5, NaN, 2 ** 53]) bad.push({ ...CALL, [name]: value });
    }
    for (const value of [-1, 0.5, NaN, 2 ** 53, "41", 40, 42, 7]) {
      bad.push({ ...CALL, open: [value as number] }, { ...CALL, open: [41, value as number] });
    }
    for (const question of bad) {
      const body = encodeSingletonRequest(question);
      assertEquals(decodeSingletonRequest(body), undefined);
    }
  });
});

describe("encodeSingletonReply() and decodeSingletonReply()", () => {
  it("keep every answer", () => {
    for (const answer of ANSWERS) {
      assertEquals(decodeSingletonReply(encodeSingletonReply(answer)), answer);
    }
  });

  it("refuse an answer with a field of another kind, one too few or one too many", () => {
    for (const answer of ANSWERS) {
      for (const body of spoiled(encodeSingletonReply(answer))) {
        assertThrows(() => decodeSingletonReply(body), MalformedError);
      }
    }
  });

  it("refuse calls of an instance that are out of bounds", () => {
    const call = { method: "inc", from: "w2" };
    const bad: CallsUnderWay[] = [
      { ...CALLS, running: Array(MAX_TOLD + 1).fill(call) },
      { ...CALLS, running: [{ ...call, method: "x".repeat(MAX_TOLD_METHOD + 1) }] },
      { ...CALLS, running: [{ ...call, method: 1 as unknown as string }] },
      { ...CALLS, running: [{ ...call, from: "no node" }] },
    ];
    for (const value of [-1, 0.5, NaN, 2 ** 53, "1"]) {
      for (const name of ["token", "begun", "waiting"]) bad.push({ ...CALLS, [name]: value });
    }
    const bodies = bad.map((one) => encodeSingletonReply({ type: "calls", instances: [one] }));
    const many = Array(MAX_ASKED + 1).fill(null);
    bodies.push(encodeSingletonReply({ type: "calls", instances: many }));
    for (const instance of [[], [1, 2, 3], [1, 2, 3, [], 4], [1, 2, 3, [["m", "w2", 1]]], 1]) {
      bodies.push(encodeValue([13, [instance]], 100));
    }
    for (const body of bodies) assertThrows(() => decodeSingletonReply(body), MalformedError);
  });

  it("refuse an answer of an unknown kind", () => {
    for (const code of [-1, 14, 15, 0.5, "running", null]) {
      const body = encodeValue([code], 100);
      assertThrows(() => decodeSingletonReply(body), MalformedError);
    }
  });
});

describe("decodeSingletonRequest() and decodeSingletonReply()", () => {
  it("throw nothing, and only MalformedError, for any bytes", () => {
    const small = (body: Uint8Array) => body.length < 10_000;
    const bodies = [...QUESTIONS.map(encodeSingletonRequest), ...ANSWERS.map(encodeSingletonReply)]
      .filter(small);
    const mutations = new MalformedFrames(new Random("bodies of singletons"), bodies);
    let right = 0;
    for (let run = 0; run < 30_000; run++) {
      const body = mutations.next();
      const question = decodeSingletonRequest(body);
      const answer = attempt(decodeSingletonReply, body);
      // An accepted body has the right shape: it is the same after another round trip.
      if (question !== undefined) {
        assertEquals(decodeSingletonRequest(encodeSingletonRequest(question)), question);
        right++;
      }
      if (answer !== undefined) {
        assertEquals(decodeSingletonReply(encodeSingletonReply(answer)), answer);
        right++;
      }
    }
    // Otherwise all bodies were noise, which tests nothing.
    assertGreater(right, 1_000);
  });
});

describe("sendable()", () => {
  it("converts any value to a text that can be sent, of at most 10,000 characters", () => {
    assertEquals(sendable("Not found: 🍎"), "Not found: 🍎");
    assertEquals(sendable("\ud800 and \udc00"), "\ufffd and \ufffd");
    assertEquals(sendable("x".repeat(20_000)), "x".repeat(10_000));
    for (const other of [undefined, null, 1, Symbol("s"), ["a"], {}]) {
      const text = sendable(other);
      assertEquals(decodeValue(encodeValue(text, 2 ** 20)), text);
    }
    const cut = sendable("x".repeat(9_999) + "🍎");
    assertEquals(cut, "x".repeat(9_999) + "\ufffd");
  });
});
