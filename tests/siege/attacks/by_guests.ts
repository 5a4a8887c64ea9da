import { encodeValue, registerId } from "../../../lib/codec.ts";
import { MAX_UP_MESSAGES } from "../../../lib/codec/guest_frame.ts";
import type { GuestOperation, UpMessage } from "../../../lib/codec/guest_messages.ts";
import { MAX_COUNTER } from "../../../lib/paxos/ballot.ts";
import { laterLife } from "../../support/frames.ts";
import { collidingIntegers } from "../../support/colliding_integers.ts";
import { CLOSED_BUCKET, SETTLED } from "../shared.ts";
import { turn } from "../../support/wait.ts";
import { VERSION } from "../../../transports/auth/version.ts";
import { nodeToken } from "../../../transports/websocket.ts";
import { SECRET } from "../../transports/support/networks.ts";
import { encodeMessage, MAX_PIECE } from "../../../transports/websocket/message.ts";
import { type Attack, type Field, type Over, repeat } from "./attack.ts";
import { FORGED } from "./forged.ts";
import { pings } from "./raw_tcp.ts";
import { RawGuest, type RawGuestOptions } from "./raw_guest.ts";

const key = (name: string, bucket?: string) => registerId("k", bucket, name);
const lock = (name: string) => registerId("l", undefined, name);
const small = encodeValue(1, 100);

const put = (register: string, value = small): GuestOperation => ({
  // Without an end what the attacker puts would stay, as anyone's data does.
  ...{ type: "put", register, value, bindings: [{ type: "until", time: Date.now() + 2_000 }] },
});
const hold = (name: string, steal = false): GuestOperation => ({
  ...{ type: "lock", register: lock(name), session: 1, seq: 0 },
  ...{ mode: "exclusive", ifAvailable: false, steal, permits: 0, asked: 0, label: "x" },
});

/** Enters, does something, and looks what became of it; again and again. */
function each(
  what: string,
  over: Over,
  act: (guest: RawGuest, field: Field) => Promise<unknown>,
  options: RawGuestOptions = {},
): Attack {
  return {
    ...{ what, who: "guest", over },
    run: (field) =>
      repeat(field, 2, async () => {
        const guest = await RawGuest.enter(field.victim, over, options);
        try {
          await act(guest, field);
          return await guest.fate(100);
        } finally {
          guest.close();
        }
      }),
  };
}

/** Enters once, and does something without a pause as long as the connection lasts; then enters again. */
function flood(
  what: string,
  over: Over,
  act: (guest: RawGuest, field: Field) => Promise<unknown>,
  options: RawGuestOptions = {},
): Attack {
  return {
    ...{ what, who: "guest", over },
    run: (field) =>
      repeat(field, 2, async () => {
        const guest = await RawGuest.enter(field.victim, over, options);
        try {
          for (let turns = 0; guest.end === null && !field.isOver(); turns++) {
            await act(guest, field);
            await guest.drained();
            if (turns % 4 === 0) await turn();
          }
          return await guest.fate(50);
        } finally {
          guest.close();
        }
      }),
  };
}

const many = (count: number) => Array.from({ length: count }, (_, index) => index);

/** Operations in frames that are as full as they may be. */
const batch = (guest: RawGuest, count: number, make: (index: number) => GuestOperation) =>
  inFrames(guest, many(count).map((index) => guest.order(make(index))));

async function inFrames(guest: RawGuest, messages: readonly UpMessage[]): Promise<void> {
  for (let at = 0; at < messages.length; at += MAX_UP_MESSAGES) {
    await guest.say(messages.slice(at, at + MAX_UP_MESSAGES));
  }
}

const colliding = (() => {
  let value: Uint8Array | undefined;
  return () => value ??= setOf(collidingIntegers(20_000));
})();

/** The CBOR of a Set of integers, which the library would not encode. */
function setOf(integers: readonly number[]): Uint8Array {
  const bytes = new Uint8Array(8 + 5 * integers.length);
  const view = new DataView(bytes.buffer);
  bytes.set([0xd9, 1, 2, 0x9a]);
  view.setUint32(4, integers.length);
  integers.forEach((integer, index) => {
    bytes[8 + 5 * index] = integer < 0 ? 0x3a : 0x1a;
    view.setUint32(9 + 5 * index, integer < 0 ? -1 - integer : integer);
  });
  return bytes;
}

function over(over: Over): Attack[] {
  return [
    each(
      "its counter ahead of the clock by years",
      over,
      (guest) => guest.run(put(key("ahead")), MAX_COUNTER - 1),
    ),
    each(
      "a ticket that it did not get",
      over,
      (guest) => guest.say([guest.order(put(key("ticket")))], { ticket: 2 ** 40 }),
    ),
    each("a put over a settled key", over, (guest) => guest.run(put(key(SETTLED)))),
    each(
      "the end of a session that it does not have",
      over,
      (guest) => guest.run({ type: "end", session: 99 }),
    ),
    each(
      "a release of what others own",
      over,
      (guest) =>
        guest.run({ type: "release", register: key(SETTLED), session: 1, seq: 1, unsure: true }),
    ),
    each(
      "an unlock of what others hold",
      over,
      (guest) =>
        guest.run({ type: "unlock", register: lock("held"), session: 1, request: 1, unsure: true }),
    ),
    each("a steal that authorize refuses", over, (guest) => guest.run(hold("held", true))),
    each("a key that authorize refuses", over, (guest) => guest.run(put(key("x", CLOSED_BUCKET)))),
    each("a lock as the register of a put", over, (guest) => guest.run(put(lock("held")))),
    each(
      "a value above maxValueBytes",
      over,
      (guest) => guest.run(put(key("long"), encodeValue(new Uint8Array(3 * 2 ** 20), Infinity))),
    ),
    each(
      "a Set of integers that collide",
      over,
      (guest) => guest.run(put(key("collide"), colliding())),
    ),
    each("bindings to sessions of others", over, (guest) =>
      guest.run({
        ...{ type: "put", register: key("bound"), value: small },
        bindings: [
          { type: "session", session: `m1/${laterLife()}/1` },
          { type: "pid", session: `m2/${laterLife()}/1`, seq: 1 },
        ],
      })),
    each(
      "an answer to a hand-over that was not asked for",
      over,
      (guest) =>
        guest.say(
          many(900).map((id): UpMessage => ({
            type: "handed",
            id,
            outcome: { type: "full" },
          })),
        ),
    ),
    each(
      "a time to live of ten minutes",
      over,
      (guest) => guest.say([{ type: "renew", session: 1, renewal: 1, ttl: 600_000 }]),
    ),
    each(
      "a frame without a hello",
      over,
      (guest) => guest.say([guest.order(put(key("early")))], { gateway: null }),
    ),
    each("a call with a session that is none", over, (guest) =>
      guest.run({
        ...{ type: "call", register: registerId("s", undefined, ["counter", "x"]) },
        ...{ session: `m1/${laterLife()}/1`, token: 1, birth: 1, sequence: 1, done: 0, open: [] },
        ...{ full: false, method: "inc", args: encodeValue([], 100) },
      })),
    flood(
      "puts without end",
      over,
      (guest) => batch(guest, 1_000, () => put(key(`p ${Math.random()}`))),
    ),
    flood(
      "lists of all keys, with values",
      over,
      (guest) =>
        batch(
          guest,
          100,
          () => ({
            type: "list",
            prefix: registerId("k", undefined, "").slice(0, 2),
            values: true,
          }),
        ),
    ),
    flood("queries of all locks", over, (guest) => batch(guest, 100, () => ({ type: "query" }))),
    flood(
      "watches without end",
      over,
      (guest) => batch(guest, 100, (index) => ({ type: "watch", register: key(`w ${index}`) })),
    ),
    flood("lock requests without end", over, (guest) => batch(guest, 100, () => hold("contended"))),
    flood(
      "sessions of others, asked for",
      over,
      (guest) => batch(guest, 1_000, (index) => ({ type: "session", node: `m${index}` })),
    ),
    flood("singletons without end", over, (guest) =>
      batch(guest, 100, () => {
        const register = registerId("s", undefined, ["counter", `${Math.random()}`]);
        return {
          type: "place",
          register,
          spec: "counter",
          args: encodeValue([], 100),
          start: true,
        };
      })),
    flood(
      "renewals without end",
      over,
      (guest) =>
        guest.say(
          many(1_000).map((renewal): UpMessage => ({
            ...{ type: "renew", session: 1 + renewal % 50, renewal, ttl: 1_000 },
          })),
        ),
    ),
    flood(
      "cancellations without end",
      over,
      (guest) =>
        inFrames(
          guest,
          many(1_000).map((number): UpMessage => ({ type: "cancel", number: number + 1 })),
        ),
    ),
    flood(
      "status requests without end",
      over,
      (guest) => batch(guest, 100, () => ({ type: "status" })),
    ),
    flood("frames of 15 MiB", over, (guest) => guest.send(new Uint8Array(15 * 2 ** 20).fill(1))),
    flood(
      "values of 900 kB",
      over,
      (guest) =>
        guest.run(put(key(`v ${Math.random()}`), encodeValue(new Uint8Array(900_000), Infinity))),
    ),
    flood(
      "random bytes",
      over,
      (guest) => guest.send(crypto.getRandomValues(new Uint8Array(1_000))),
    ),
    {
      ...{ what: "a new guest for each request", who: "guest", over },
      run: (field) =>
        repeat(field, 20, async () => {
          const guest = await RawGuest.enter(field.victim, over);
          guest.close();
          return guest.end ?? "let in";
        }),
    },
    {
      ...{ what: "two lives of one id in turns", who: "guest", over },
      run: (field) =>
        repeat(field, 4, async (lane) => {
          const life = lane % 2 === 0 ? laterLife(2100) : laterLife(2101);
          const guest = await RawGuest.enter(field.victim, over, { id: "twins", life });
          await guest.say([{ type: "renew", session: 1, renewal: 1, ttl: 1_000 }]);
          const fate = await guest.fate(20);
          guest.close();
          return fate;
        }),
    },
  ];
}

/** The hello of a guest that is then let in. */
async function helloOfGuest(): Promise<string> {
  const guest = `pinging-${Math.random()}`;
  const token = await nodeToken({ secret: SECRET, id: guest });
  return JSON.stringify({ synod: VERSION, cluster: "synod", guest, life: laterLife(), token });
}

/** Attacks that one kind of connection alone makes possible. */
const special: Attack[] = [
  pings("pings without a pause, whose answers it does not read", "guest", {
    isDeaf: true,
    say: helloOfGuest,
  }),
  flood("lists whose pieces it does not acknowledge", "ws", (guest) =>
    batch(guest, 100, () => ({
      ...{ type: "list", prefix: registerId("k", undefined, "").slice(0, 2), values: true },
    })), { isDeaf: true }),
  each("acknowledgements of what was not sent", "ws", async (guest) => {
    guest.raw(encodeMessage({ answerNow: true, acknowledged: 1_000, piece: new Uint8Array(0) }));
    await turn();
  }),
  flood("messages that ask for an answer", "ws", async (guest) => {
    const message = encodeMessage({ answerNow: true, acknowledged: 0, piece: new Uint8Array(0) });
    for (let index = 0; index < 1_000; index++) guest.raw(message);
    await turn();
  }, { isDeaf: true }),
  each("frames in pieces of one byte", "ws", async (guest) => {
    for (let index = 0; index < 5_000; index++) {
      guest.raw(encodeMessage({ answerNow: false, acknowledged: 0, piece: Uint8Array.of(1) }));
    }
    await turn();
  }),
  each("a length of 4 GiB", "ws", async (guest) => {
    const piece = new Uint8Array(8).fill(0xff);
    guest.raw(encodeMessage({ answerNow: false, acknowledged: 0, piece }));
    await turn();
  }),
  each("text in the place of frames", "ws", async (guest) => {
    guest.raw("x".repeat(MAX_PIECE));
    await turn();
  }),
  each("empty frames, 262,144 in a message", "ws", async (guest) => {
    const piece = new Uint8Array(MAX_PIECE);
    guest.raw(encodeMessage({ answerNow: false, acknowledged: 0, piece }));
    await turn();
  }),
  each("a body of 16 MiB of zeros", "http", (guest) => guest.post(new Uint8Array(16 * 2 ** 20))),
  {
    ...{ what: "100 requests that are held", who: "guest", over: "http" },
    run: (field) =>
      repeat(field, 1, async () => {
        const guest = await RawGuest.enter(field.victim, "http");
        await Promise.all(
          many(100).map(() => guest.post(new Uint8Array(0), { "synod-hold": "300" })),
        );
        return await guest.fate(10);
      }),
  },
];

const forged = Object.entries(FORGED).flatMap(([what, forge]) =>
  (["ws", "http"] as const).map((over) =>
    each(what, over, (guest, { genesis }) => guest.send(...forge(genesis)))
  )
);

/** The attacks of guests with a valid token. */
export const BY_GUESTS: readonly Attack[] = [...forged, ...over("ws"), ...over("http"), ...special];
