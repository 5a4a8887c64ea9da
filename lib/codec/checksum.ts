/** The table of CRC-32 (IEEE 802.3, reflected). */
const TABLE = Uint32Array.from({ length: 256 }, (_, byte) => {
  let crc = byte;
  for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ 0xedb88320 : crc >>> 1;
  return crc;
});

/** Continues the CRC-32 `crc` (of what came before; 0 begins) with `bytes`, from `start` on. */
export function crc32(bytes: Uint8Array, start = 0, crc = 0): number {
  crc = ~crc;
  for (let i = start; i < bytes.length; i++) crc = TABLE[(crc ^ bytes[i]) & 0xff] ^ (crc >>> 8);
  return ~crc >>> 0;
}
