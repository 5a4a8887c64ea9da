/**
 * A running hash of all events: two runs with the same fingerprint went the same way. Two lanes of 32 bits,
 * similar to FNV-1a; it need not resist attacks.
 */
export class Fingerprint {
  #low = 0x811c9dc5;
  #high = 0x01234567;
  readonly #float = new Float64Array(1);
  readonly #floatBytes = new Uint8Array(this.#float.buffer);

  /** Adds bytes. */
  bytes(bytes: Uint8Array): void {
    let [low, high] = [this.#low, this.#high];
    for (let i = 0; i < bytes.length; i++) {
      low = Math.imul(low ^ bytes[i], 0x01000193);
      high = Math.imul(high ^ bytes[i], 0x5bd1e995);
    }
    // The shift mixes upper bits into lower ones, which multiplication alone never does.
    [this.#low, this.#high] = [low ^ (high >>> 15), high ^ (low >>> 13)];
  }

  /** Adds a text. */
  text(text: string): void {
    for (let i = 0; i < text.length; i++) {
      this.#low = Math.imul(this.#low ^ text.charCodeAt(i), 0x01000193);
      this.#high = Math.imul(this.#high ^ text.charCodeAt(i), 0x5bd1e995);
    }
    [this.#low, this.#high] = [this.#low ^ (this.#high >>> 15), this.#high ^ (this.#low >>> 13)];
  }

  /** Adds a number. */
  number(value: number): void {
    this.#float[0] = value;
    this.bytes(this.#floatBytes);
  }

  /** The hash as 16 hexadecimal digits. */
  toString(): string {
    const hex = (lane: number) => (lane >>> 0).toString(16).padStart(8, "0");
    return hex(this.#high) + hex(this.#low);
  }
}
