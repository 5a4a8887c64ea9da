import type { CellFormat } from "../../lib/paxos/cell_register.ts";
import { textOf } from "./fingerprint.ts";

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);

/** States of cells as text: the content, then `|`, and each writer as `op:token`, with `-` for absence. */
export const CELL_TEXT: CellFormat = {
  read({ value }) {
    const [content, list] = textOf(value).split("|");
    const writers = list.split(",").map((writer) => {
      const [op, token] = writer.split(":");
      return { op: op === "-" ? null : op, token: Number(token) };
    });
    return { value: bytes(content), writers };
  },
  write: ({ value, writers }) =>
    bytes(`${textOf(value)}|${writers.map(({ op, token }) => `${op ?? "-"}:${token}`)}`),
};
