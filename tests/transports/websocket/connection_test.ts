import { beforeEach, describe, it } from "@std/testing/bdd";
import { assert, assertEquals } from "@std/assert";
import { FrameQueue } from "../../../transports/link/frame_queue.ts";
import { writeFrames } from "../../../transports/link/frame_stream.ts";
import { Connection, type PieceSize } from "../../../transports/websocket/connection.ts";
import {
  decodeMessage,
  encodeMessage,
  MAX_MESSAGE_BYTES,
} from "../../../transports/websocket/message.ts";
import { Socket } from "../../../transports/websocket/socket.ts";

const nothing = new Uint8Array(0);

/** A connection whose messages the test delivers. */
class End {
  readonly sent: Uint8Array[] = [];
  readonly closed: (number | undefined)[] = [];
  readonly received: Uint8Array[] = [];
  /** What says that the receiver is behind. */
  behind: Promise<void> | undefined;
  readonly silences: boolean[] = [];
  readonly queue = new FrameQueue(100_000_000);
  readonly connection: Connection;

  constructor(pieces: PieceSize, until = Infinity) {
    const socket = new Socket({
      send: (data) => this.sent.push(data as Uint8Array),
      close: (code) => this.closed.push(code),
    }, () => {});
    const receive = (frame: Uint8Array) => {
      this.received.push(frame);
      return this.behind;
    };
    const onSilence = (isSilent: boolean) => this.silences.push(isSilent);
    this.connection = new Connection(socket, { pieces, until, receive, onSilence });
  }

  /** Delivers the sent messages to `other`, and returns their sizes. */
  carryTo(other: End): number[] {
    return this.sent.splice(0).map((message) => {
      other.connection.take(message);
      return message.length;
    });
  }
}

describe("Connection", () => {
  let a: End;
  let b: End;

  beforeEach(() => {
    [a, b] = [new End("large"), new End("large")];
  });

  it("sends the waiting frames in one message", () => {
    for (let i = 0; i < 10; i++) a.queue.push(new Uint8Array(100).fill(i));
    a.connection.send(a.queue);
    assertEquals(a.carryTo(b), [5 + 10 * 104]);
    assertEquals(b.received.map((frame) => frame[0]), [0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
  });

  it("sends a frame that is larger than a message in several messages", () => {
    const frame = crypto.getRandomValues(new Uint8Array(60_000));
    const large = new Uint8Array(600_000);
    for (let at = 0; at < large.length; at += frame.length) large.set(frame, at);
    a.queue.push(large);
    a.connection.send(a.queue);
    assert(a.sent.every((message) => message.length <= MAX_MESSAGE_BYTES));
    assertEquals(a.carryTo(b).length, 3);
    assertEquals(b.received.length, 1);
    assert(b.received[0].every((byte, i) => byte === large[i]));
  });

  it("acknowledges nothing while the receiver is behind, and all of it after that", async () => {
    let caughtUp = () => {};
    b.behind = new Promise((resolve) => caughtUp = resolve);
    for (let i = 0; i < 30; i++) a.queue.push(new Uint8Array(100_000));
    a.connection.send(a.queue);
    const sent = a.carryTo(b).length;
    b.connection.ask();
    b.carryTo(a);
    a.connection.send(a.queue);
    assertEquals([sent > 0, a.sent.length, b.closed.length], [true, 0, 0]);
    // What arrives meanwhile is not even read, and waits for the same moment.
    assertEquals(b.received.length, 2);
    b.behind = undefined;
    caughtUp();
    await Promise.resolve();
    assertEquals(b.received.length, 2 * sent);
    assertEquals(b.sent.map((message) => decodeMessage(message)?.acknowledged), [sent]);
    b.carryTo(a);
    a.connection.send(a.queue);
    assert(a.sent.length > 0);
  });

  it("reads what arrived meanwhile in parts, until the receiver is behind again", async () => {
    const turns: (() => void)[] = [];
    const numbers: number[] = [];
    const sent: Uint8Array[] = [];
    const socket = new Socket({
      send: (data) => void sent.push(data as Uint8Array),
      close: () => {},
    }, () => {});
    const receive = (frame: Uint8Array) => {
      numbers.push(new DataView(frame.buffer).getUint32(0));
      if (numbers.length % 1_000 === 0) return new Promise<void>((resolve) => turns.push(resolve));
    };
    const connection = new Connection(socket, { pieces: "large", until: Infinity, receive });
    const frames = Array.from({ length: 30_000 }, (_, index) => {
      const frame = new Uint8Array(4);
      new DataView(frame.buffer).setUint32(0, index);
      return frame;
    });
    const stream = writeFrames(frames);
    // In messages whose ends are not those of frames.
    const size = 8_001;
    for (let at = 0; at < stream.length; at += size) {
      const piece = stream.subarray(at, at + size);
      connection.take(encodeMessage({ answerNow: false, acknowledged: 0, piece }));
    }
    const counts = [numbers.length];
    while (turns.length > 0) {
      turns.splice(0).at(-1)!();
      await Promise.resolve();
      counts.push(numbers.length);
      connection.ask();
    }
    const thousands = Array.from({ length: 30 }, (_, index) => 1_000 * (index + 1));
    assertEquals(counts, [...thousands, 30_000]);
    assertEquals(numbers, Array.from({ length: 30_000 }, (_, index) => index));
    const all = Math.ceil(stream.length / size);
    const acknowledged = sent.map((message) => decodeMessage(message)?.acknowledged);
    assertEquals(acknowledged, [...thousands.slice(1).map(() => 0), all]);
  });

  it("hands on what came before its end, though the receiver was behind then", async () => {
    let caughtUp = () => {};
    let end = () => {};
    const numbers: number[] = [];
    const socket = new Socket({ send: () => {}, close: () => {} }, () => {});
    const receive = ([number]: Uint8Array) => {
      numbers.push(number);
      if (number === 1) return new Promise<void>((resolve) => caughtUp = resolve);
    };
    const connection = new Connection(socket, { pieces: "large", until: Infinity, receive });
    socket.listen((data) => connection.take(data), () => end());
    const ended = new Promise<void>((resolve) => end = resolve);
    for (const number of [1, 2, 3]) {
      const piece = writeFrames([Uint8Array.of(number)]);
      socket.received(encodeMessage({ answerNow: false, acknowledged: 0, piece }));
    }
    socket.gone(1000, "");
    await ended;
    assertEquals(numbers, [1]);
    caughtUp();
    await Promise.resolve();
    assertEquals(numbers, [1, 2, 3]);
  });

  it("ends a connection whose other side asks more than 1,000 times in a second, and no other", () => {
    const ask = encodeMessage({ answerNow: true, acknowledged: 0, piece: nothing });
    const { now } = Date;
    let time = now();
    Date.now = () => time;
    try {
      // Not every side beats: a guest does not.
      for (let second = 0; second < 3; second++) {
        for (let count = 0; count < 1_000; count++) b.connection.take(ask);
        time += 1_000;
      }
      assertEquals(b.closed, []);
      for (let count = 0; count < 1_001; count++) b.connection.take(ask);
      assertEquals(b.closed, [4400]);
    } finally {
      Date.now = now;
    }
  });

  it("ends a connection whose other side sends more than the window while the receiver is behind", () => {
    b.behind = new Promise(() => {});
    const piece = new Uint8Array(256 * 1024);
    new DataView(piece.buffer).setUint32(0, 5, true);
    new DataView(piece.buffer).setUint32(9, piece.length - 13, true);
    for (let count = 1; count <= 5; count++) {
      b.connection.take(encodeMessage({ answerNow: false, acknowledged: 0, piece }));
      assertEquals(b.closed.length, 0, `${count}`);
    }
    b.connection.take(encodeMessage({ answerNow: false, acknowledged: 0, piece }));
    assertEquals(b.closed, [4400]);
  });

  it("with small pieces sends messages of at most 1,024 bytes, and each requests an answer", () => {
    a = new End("small");
    const frame = crypto.getRandomValues(new Uint8Array(20_000));
    a.queue.push(frame);
    a.connection.send(a.queue);
    assertEquals(a.sent.length, 21);
    for (const message of a.sent) {
      assert(message.length <= 1_024, `${message.length}`);
      assertEquals(decodeMessage(message)?.answerNow, true);
    }
    for (const message of a.sent.splice(0)) {
      b.connection.take(message);
      b.connection.answer();
    }
    assertEquals(b.sent.map((message) => decodeMessage(message)?.acknowledged), [
      ...Array.from({ length: 21 }, (_, i) => i + 1),
    ]);
    assertEquals(b.received, [frame]);
  });

  it("with small pieces sends large data in one message, which requests no answer", () => {
    a = new End("small");
    a.queue.push(new Uint8Array(100_000));
    a.connection.send(a.queue);
    assertEquals(a.sent.map((message) => message.length), [5 + 100_004]);
    assertEquals(decodeMessage(a.sent[0])?.answerNow, false);
  });

  it("sends at most about a megabyte without an acknowledgement", () => {
    for (let i = 0; i < 40; i++) a.queue.push(new Uint8Array(100_000));
    a.connection.send(a.queue);
    const ahead = a.sent.reduce((sum, message) => sum + message.length, 0);
    assert(ahead >= 1_048_576 && ahead < 1_048_576 + MAX_MESSAGE_BYTES, `${ahead}`);
    a.connection.send(a.queue);
    let rounds = 0;
    while (a.sent.length > 0) {
      a.carryTo(b);
      b.connection.answer();
      b.carryTo(a);
      a.connection.send(a.queue);
      rounds++;
    }
    assertEquals(b.received.length, 40);
    assert(rounds > 2 && rounds < 10, `${rounds}`);
  });

  it("acknowledges with its own frames, and without frames after a quarter of the window", () => {
    a.queue.push(new Uint8Array(10));
    a.connection.send(a.queue);
    a.carryTo(b);
    b.connection.answer();
    assertEquals(b.sent, []);
    b.queue.push(Uint8Array.of(1));
    b.connection.send(b.queue);
    assertEquals(decodeMessage(b.sent[0])?.acknowledged, 1);
    b.carryTo(a);
    for (let i = 0; i < 3; i++) {
      a.queue.push(new Uint8Array(100_000));
      a.connection.send(a.queue);
    }
    a.carryTo(b);
    b.connection.answer();
    b.connection.answer();
    assertEquals(b.sent, [encodeMessage({ answerNow: false, acknowledged: 4, piece: nothing })]);
  });

  it("answers a request for a sign of life once, and does not answer an answer", () => {
    for (let i = 0; i < 3; i++) a.connection.beat();
    assertEquals(a.carryTo(b).length, 2);
    b.connection.answer();
    b.connection.answer();
    assertEquals(b.carryTo(a), [5]);
    a.connection.answer();
    b.connection.answer();
    assertEquals([a.sent, b.sent], [[], []]);
  });

  it("ends on an acknowledgement of pieces that were never sent or are already acknowledged", () => {
    const piece = nothing;
    for (const wrong of [2, 0, 2 ** 32 - 1]) {
      const end = new End("large");
      end.queue.push(Uint8Array.of(1));
      end.connection.send(end.queue);
      end.connection.take(encodeMessage({ answerNow: false, acknowledged: 1, piece }));
      assertEquals(end.closed, []);
      end.connection.take(encodeMessage({ answerNow: false, acknowledged: wrong, piece }));
      assertEquals(end.closed, [4400]);
    }
  });

  it("beat() asks a silent peer for a sign of life, and ends the connection if none comes", () => {
    for (let i = 0; i < 10; i++) {
      a.connection.beat();
      a.carryTo(b);
      // The other side does not beat: the intervals of the two sides may differ.
      b.connection.answer();
      b.carryTo(a);
    }
    assertEquals(a.closed, []);
    const beats = () => {
      let count = 0;
      for (; a.closed.length === 0; count++) a.connection.beat();
      return count;
    };
    assertEquals([beats() <= 4, a.closed], [true, [4408]]);
  });

  it("beat() asks nothing while frames flow", () => {
    for (let i = 0; i < 10; i++) {
      b.queue.push(Uint8Array.of(i));
      b.connection.send(b.queue);
      b.carryTo(a);
      a.connection.beat();
      assertEquals(a.sent, []);
    }
  });

  it("look() asks soon for an answer to what was sent, and tells of silence and of its end", () => {
    a.queue.push(Uint8Array.of(1));
    a.connection.send(a.queue);
    const message = a.sent.splice(0)[0];
    a.connection.look();
    assertEquals(a.sent, []);
    a.connection.look();
    assertEquals(a.sent, [encodeMessage({ answerNow: true, acknowledged: 0, piece: nothing })]);
    for (let i = 0; i < 10; i++) {
      assertEquals(a.connection.isSilent, i >= 2);
      a.connection.look();
    }
    assertEquals([a.silences, a.closed, a.sent.length], [[true], [], 1]);
    b.connection.take(message);
    a.carryTo(b);
    b.connection.answer();
    b.carryTo(a);
    assertEquals([a.silences, a.connection.isSilent], [[true, false], false]);
  });

  it("look() asks nothing when nothing was sent since the last message", () => {
    for (let i = 0; i < 10; i++) a.connection.look();
    b.queue.push(Uint8Array.of(1));
    b.connection.send(b.queue);
    b.carryTo(a);
    a.connection.answer();
    for (let i = 0; i < 10; i++) a.connection.look();
    assertEquals([a.sent, a.silences], [[], []]);
  });

  it("ask() asks at once, and silence after it is noticed", () => {
    a.connection.ask();
    assertEquals(a.sent.length, 1);
    for (let i = 0; i < 4; i++) a.connection.look();
    assertEquals(a.silences, [true]);
  });

  it("ends on any use after its token has expired", () => {
    const uses: ((end: End) => void)[] = [
      (end) =>
        end.connection.take(encodeMessage({ answerNow: false, acknowledged: 0, piece: nothing })),
      (end) => end.connection.send(end.queue),
      (end) => end.connection.beat(),
    ];
    for (const use of uses) {
      const end = new End("large", Date.now());
      end.queue.push(Uint8Array.of(1));
      use(end);
      assertEquals([end.closed, end.sent], [[4408], []]);
    }
  });

  it("delivers no more frames once it is closed", () => {
    const frames = writeFrames([Uint8Array.of(1), Uint8Array.of(2)]);
    const socket = new Socket({ send: () => {}, close: () => {} }, () => {});
    const received: number[] = [];
    const connection = new Connection(socket, {
      pieces: "large",
      until: Infinity,
      receive: (frame) => {
        received.push(frame[0]);
        connection.close(1000, "enough");
      },
    });
    connection.take(encodeMessage({ answerNow: false, acknowledged: 0, piece: frames }));
    assertEquals(received, [1]);
  });
});
