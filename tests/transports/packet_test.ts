import { describe, it } from "@std/testing/bdd";
import { assert, assertEquals } from "@std/assert";
import { encodeName, PacketWriter, readPacket } from "../../transports/packet.ts";

function name(id: string): Uint8Array {
  const encoded = encodeName(id);
  assert(encoded !== null);
  return encoded;
}

/** A packet from `a`; the receiver `"*"` stands for all nodes. */
function packet(...frames: [to: string, ...bytes: number[]][]): Uint8Array {
  const writer = new PacketWriter(name("a"));
  for (const [to, ...bytes] of frames) {
    writer.add(to === "*" ? null : name(to), Uint8Array.from(bytes));
  }
  return writer.bytes();
}

const frames = (data: unknown, self: string) =>
  readPacket(data, name(self))?.frames.map((frame) => [...frame]) ?? null;

describe("PacketWriter and readPacket()", () => {
  it("readPacket() returns the frames for one peer and for all, in order", () => {
    const data = packet(["b", 1, 2, 3], ["c", 4], ["*", 5], ["b"], ["bb", 6]);
    assertEquals(frames(data, "b"), [[1, 2, 3], [5], []]);
    assertEquals(frames(data, "c"), [[4], [5]]);
    assertEquals(frames(data, "d"), [[5]]);
    assertEquals(readPacket(data, name("b"))?.from, "a");
  });

  it("readPacket() returns null if no frame is for this peer", () => {
    assertEquals(frames(packet(["b", 1], ["cc", 2], ["C", 3]), "c"), null);
    assertEquals(frames(packet(), "b"), null);
  });

  it("readPacket() returns the frames of another process under the same name", () => {
    assertEquals(frames(packet(["*", 1], ["a", 2], ["b", 3]), "a"), [[1], [2]]);
  });

  it("readPacket() returns copies", () => {
    const data = packet(["b", 1], ["*", 2]);
    const read = readPacket(data, name("b"));
    for (const frame of read?.frames ?? []) frame.fill(9);
    assertEquals(data, packet(["b", 1], ["*", 2]));
  });

  it("readPacket() reads a view in the middle of a buffer", () => {
    const data = packet(["b", 1, 2]);
    const pool = new Uint8Array(1000).fill(255);
    pool.set(data, 100);
    assertEquals(frames(pool.subarray(100, 100 + data.length), "b"), [[1, 2]]);
  });

  it("names of all lengths and scripts arrive unchanged", () => {
    for (const id of ["x", "a.b-c_D9", "x".repeat(64), "x".repeat(255), "日本"]) {
      const writer = new PacketWriter(name(id));
      writer.add(name(`to ${id}`.slice(0, 255)), Uint8Array.of(1));
      const read = readPacket(writer.bytes(), name(`to ${id}`.slice(0, 255)));
      assertEquals(read, { from: id, frames: [Uint8Array.of(1)] });
    }
  });

  it("encodeName() returns null for an invalid name", () => {
    for (const id of ["", "*", "x".repeat(256), "ä".repeat(128)]) {
      assertEquals(encodeName(id), null);
    }
  });

  it("size is the number of bytes of the packet", () => {
    const writer = new PacketWriter(name("a"));
    for (let length = 0; length < 1000; length += 111) {
      writer.add(length % 2 ? null : name("b"), new Uint8Array(length));
      assertEquals(writer.bytes().length, writer.size);
      assertEquals(writer.bytes().buffer.byteLength, writer.size);
    }
  });

  it("readPacket() returns null for a value that is no packet", () => {
    const others = [
      null,
      undefined,
      0,
      "SYN\x01",
      true,
      12n,
      {},
      [],
      [83, 89, 78, 1, 1, 97],
      { buffer: 1, byteOffset: -1, byteLength: 1e9 },
      packet(["b", 1]).buffer,
      new Uint8Array(0),
      new Uint8Array(1000),
      new Uint8Array(1000).fill(255),
      new DataView(new ArrayBuffer(64)),
      new Float64Array(8),
      new Map([["b", 1]]),
    ];
    for (const data of others) assertEquals(readPacket(data, name("b")), null);
  });

  it("readPacket() returns null for a packet of another format version", () => {
    const data = packet(["b", 1]);
    data[3] = 2;
    assertEquals(readPacket(data, name("b")), null);
  });

  it("readPacket() returns null for a packet that is cut off inside a frame or has trailing bytes", () => {
    const one = packet(["b", 1, 2, 3]);
    const two = packet(["b", 1, 2, 3], ["c", 4, 5]);
    for (let length = 0; length < two.length; length++) {
      const cut = frames(two.subarray(0, length), "b");
      assertEquals(cut, length === one.length ? [[1, 2, 3]] : null, `cut to ${length} bytes`);
    }
    assertEquals(frames(Uint8Array.from([...two, 0]), "b"), null);
    assertEquals(frames(Uint8Array.from([...two, 1, 98]), "b"), null);
  });

  it("readPacket() returns null if the sender has no name or is called *", () => {
    const data = packet(["b", 1]);
    data[5] = "*".charCodeAt(0);
    assertEquals(readPacket(data, name("b")), null);
    const nameless = Uint8Array.from([...data.subarray(0, 4), 0, ...data.subarray(6)]);
    assertEquals(readPacket(nameless, name("b")), null);
  });

  it("readPacket() does not throw if any two bits are flipped", () => {
    const data = packet(["b", 1, 2, 3], ["*", 4], ["c", 5, 6, 7, 8]);
    let taken = 0;
    for (let bit = 0; bit < data.length * 8; bit++) {
      for (let other = 0; other < data.length * 8; other += 7) {
        const flipped = data.slice();
        flipped[bit >> 3] ^= 1 << (bit & 7);
        flipped[other >> 3] ^= 1 << (other & 7);
        const read = readPacket(flipped, name("b"));
        taken += read?.frames.reduce((sum, frame) => sum + frame.length, 0) ?? 0;
      }
    }
    assert(taken > 0, "no flipped packet was read at all: this test tests nothing");
  });
});
