import { encodeValue, registerId } from "../../../lib/codec.ts";
import { makeLife } from "../../../lib/paxos/ballot.ts";
import { encodeSingletonRequest } from "../../../lib/singletons/singleton_messages.ts";
import type { Request } from "../../../lib/paxos/messages.ts";
import { writeFrames } from "../../../transports/link/frame_stream.ts";
import { decodeMessage, encodeMessage, MAX_PIECE } from "../../../transports/websocket/message.ts";
import { turn } from "../../support/wait.ts";
import { frameOf } from "../../support/frames.ts";
import { RawSession } from "../../transports/http/support/setup.ts";
import type { RawSocket } from "../../transports/support/raw_socket.ts";
import type { Reachable } from "../../transports/support/server.ts";
import { enter } from "../../transports/websocket/support/setup.ts";
import { MEMBERS } from "../shared.ts";
import { type Attack, type Field, orLate, type Over, repeat } from "./attack.ts";
import { FORGED } from "./forged.ts";

const MIB = 2 ** 20;

/** How often the same bytes are sent. */
const RENEWED_AFTER = 16;

let peers = 0;
const life = makeLife(Date.now(), Math.random);

/** A client with the secret that an attack plays by hand. */
interface RawPeer {
  /** Sends bytes of the stream of frames. */
  pour(bytes: Uint8Array): Promise<void>;
  /** How the connection has ended. */
  end(): string | null;
  close(): void;
}

/** `isDeaf`: it does not acknowledge what comes. */
async function begin(server: Reachable, over: Over, isDeaf: boolean): Promise<RawPeer> {
  const id = `peer-${++peers}`;
  if (over === "ws") return overWebSocket(await enter(server, id, MEMBERS[0]), isDeaf);
  const session = await RawSession.enter(server, id, MEMBERS[0]);
  let end: string | null = null;
  return {
    async pour(bytes) {
      const { status } = await session.post("frames", bytes as BodyInit, { "synod-hold": "0" });
      if (status !== 200) end = `${status}`;
    },
    end: () => end,
    close: () => void session.post("farewell", new Uint8Array(0)).catch(() => {}),
  };
}

function overWebSocket(socket: RawSocket, isDeaf: boolean): RawPeer {
  let end: string | null = null;
  let received = 0;
  void socket.ended.then(({ code }) => end = `${code}`);
  const write = (piece: Uint8Array) =>
    socket.send(encodeMessage({ answerNow: false, acknowledged: received, piece }));
  void (async () => {
    for (;;) {
      const data = await socket.next();
      if (data === null) return;
      const message = typeof data === "string" ? null : decodeMessage(data);
      if (message === null || isDeaf) continue;
      if (message.piece.length > 0) received++;
      if (message.piece.length > 0 || message.answerNow) write(new Uint8Array(0));
    }
  })();
  return {
    async pour(bytes) {
      for (let at = 0; at < bytes.length && end === null; at += MAX_PIECE) {
        write(bytes.subarray(at, at + MAX_PIECE));
        while (socket.unsent > 4 * MIB && end === null) await turn(1);
      }
      await turn();
    },
    end: () => end,
    close: () => void socket.close(),
  };
}

/** Sends what `make` returns as long as the time and the connection last; `width` peers do so at once. */
function flood(
  what: string,
  over: Over,
  make: (field: Field) => Uint8Array,
  width = 1,
  isDeaf = false,
): Attack {
  return {
    ...{ what, who: "peer", over },
    run: (field) =>
      repeat(field, width, async () => {
        const peer = await begin(field.victim, over, isDeaf);
        let bytes = new Uint8Array(0);
        for (let turns = 0; !field.isOver() && peer.end() === null; turns++) {
          // To make them takes longer than to send them.
          if (turns % RENEWED_AFTER === 0) bytes = make(field).slice();
          await Promise.race([peer.pour(bytes), field.over]);
        }
        const end = peer.end() ?? "still open";
        peer.close();
        return end;
      }),
  };
}

type Bare<T> = T extends unknown ? Omit<T, "id"> : never;

/** Frames with these requests. */
const asking = (
  genesis: string,
  frames: number,
  count: number,
  make: (index: number) => Bare<Request>,
) =>
  writeFrames(
    Array.from({ length: frames }, () =>
      frameOf({ genesis, life, clock: Date.now() * 1_000 }, {
        requests: Array.from(
          { length: count },
          (_, index) => ({ ...make(index), id: index + 1 }) as Request,
        ),
      })),
  );

const key = (name: string) => registerId("k", undefined, name);
const body = encodeValue([1, 2, 3], 100);
/** A call to a life of a host that is over. */
const call = encodeSingletonRequest({
  ...{ type: "call", register: registerId("s", "counter", 1), session: `m1/${life}/1`, token: 1 },
  ...{ birth: 1, sequence: 1_001, done: 0, open: Array.from({ length: 1_000 }, (_, i) => i + 1) },
  ...{ full: false, method: "inc", args: encodeValue([], 100), chain: [], awaited: true },
});
const prefix = key("").slice(0, 2);
const ballot = () => ({ counter: Date.now() * 1_000, life });

function over(over: Over): Attack[] {
  return [
    flood("16 MiB of zeros", over, () => new Uint8Array(16 * MIB)),
    flood(
      "frames of 16 MiB without meaning",
      over,
      () => writeFrames([new Uint8Array(16 * MIB - 4).fill(2)]),
    ),
    flood(
      "frames of one byte",
      over,
      () => writeFrames(Array.from({ length: 5_000 }, () => Uint8Array.of(2))),
    ),
    flood(
      "small reads, a frame each",
      over,
      ({ genesis }) =>
        asking(genesis, 3_000, 1, () => ({ type: "read", register: key("settled") })),
    ),
    flood(
      "small reads of two peers, a frame each",
      over,
      ({ genesis }) =>
        asking(genesis, 3_000, 1, () => ({ type: "read", register: key("settled") })),
      2,
    ),
    flood(
      "reads, 1,000 in a frame",
      over,
      ({ genesis }) =>
        asking(genesis, 10, 1_000, () => ({ type: "read", register: key("settled") })),
    ),
    flood(
      "reads, 1,001 in a frame",
      over,
      ({ genesis }) =>
        asking(genesis, 1, 1_001, () => ({ type: "read", register: key("settled") })),
    ),
    flood(
      "lists, 1,000 in a frame",
      over,
      ({ genesis }) => asking(genesis, 1, 1_000, () => ({ type: "list", prefix, after: "" })),
    ),
    flood(
      "lists, of a peer that does not acknowledge",
      over,
      ({ genesis }) => asking(genesis, 1, 1_000, () => ({ type: "list", prefix, after: "" })),
      1,
      true,
    ),
    flood(
      "sessions asked for, 1,000 in a frame",
      over,
      ({ genesis }) =>
        asking(genesis, 1, 1_000, (index) => ({ type: "sessionOf", node: `m${index}` })),
    ),
    flood(
      "hosts asked for, 1,000 in a frame",
      over,
      ({ genesis }) => asking(genesis, 1, 1_000, () => ({ type: "hosts", spec: "counter" })),
    ),
    flood(
      "prepares of new keys, 1,000 in a frame",
      over,
      ({ genesis }) =>
        asking(genesis, 1, 1_000, () => ({
          ...{ type: "prepare", register: key(`${Math.random()}`), ballot: ballot() },
        })),
    ),
    flood(
      "watches of new keys, 1,000 in a frame",
      over,
      ({ genesis }) =>
        asking(genesis, 1, 1_000, () => ({ type: "watch", register: key(`${Math.random()}`) })),
    ),
    flood(
      "watches of lives, 1,000 in a frame",
      over,
      ({ genesis }) =>
        asking(genesis, 1, 1_000, () => ({
          ...{ type: "watchLife", life: makeLife(Date.now(), Math.random) },
        })),
    ),
    flood(
      "sessions of its own, 1,000 in a frame",
      over,
      ({ genesis }) =>
        asking(genesis, 1, 1_000, (index) => ({
          ...{ type: "renew", session: `peer-1/${life}/${index + 1}`, ttl: 1_000, renewal: 1 },
          ...{ wall: Date.now(), hosts: [] },
        })),
    ),
    flood(
      "messages to singletons, 1,000 in a frame",
      over,
      ({ genesis }) => asking(genesis, 1, 1_000, () => ({ type: "ask", body })),
    ),
    flood(
      "malformed messages to singletons, 1,000 in a frame",
      over,
      ({ genesis }) =>
        asking(genesis, 1, 1_000, () => ({ type: "ask", body: Uint8Array.of(0xff) })),
    ),
    flood(
      "calls that name 1,000 others, 1,000 in a frame",
      over,
      ({ genesis }) => asking(genesis, 1, 1_000, () => ({ type: "ask", body: call })),
    ),
    flood(
      "messages to be relayed, 1,000 in a frame",
      over,
      ({ genesis }) =>
        asking(genesis, 1, 1_000, () => ({
          ...{ type: "relay", to: "m2" },
          payload: { repliesTo: null, message: { id: 1, type: "ask", body } },
        })),
    ),
    flood(
      "questions for the record, 1,000 in a frame",
      over,
      ({ genesis }) =>
        asking(genesis, 1, 1_000, () => ({
          ...{ type: "enquire", members: MEMBERS, purpose: "record", round: 1 },
        })),
    ),
  ];
}

const special: Attack[] = [
  {
    ...{ what: "a new id for each connection", who: "peer", over: "ws" },
    run: (field) =>
      repeat(field, 10, async () => {
        const socket = await enter(field.victim, `peer-${++peers}`, MEMBERS[0]);
        void socket.close();
        return (await socket.ended).code;
      }),
  },
  {
    ...{ what: "acknowledgements of what was not sent", who: "peer", over: "ws" },
    run: (field) =>
      repeat(field, 2, async () => {
        const socket = await enter(field.victim, `peer-${++peers}`, MEMBERS[0]);
        const piece = new Uint8Array(0);
        socket.send(encodeMessage({ answerNow: true, acknowledged: 1_000, piece }));
        const end = await orLate(socket.ended, 300);
        void socket.close();
        return end === "late" ? "no end yet" : end.code;
      }),
  },
];

const forged = Object.entries(FORGED).flatMap(([what, forge]) =>
  (["ws", "http"] as const).map((over) =>
    flood(what, over, ({ genesis }) => writeFrames(forge(genesis)))
  )
);

/** The attacks of clients that know the secret, and are broken. */
export const BY_PEERS: readonly Attack[] = [...forged, ...over("ws"), ...over("http"), ...special];
