import { decodeValue, encodeValue, MalformedError } from "../codec.ts";
import {
  type CellFormat,
  type CellValue,
  type CellWriter,
  MAX_WRITERS,
} from "../paxos/cell_register.ts";
import type { Present } from "../paxos/register.ts";

/** Numbers of one writer in a state: its author's place in a list, plus one; its number; the distance of its token. */
const ROW = 3;

/** How the state of a cell carries its value and its writers. */
export const CELL_FORMAT: CellFormat = {
  read: ({ value }) => decodeCell(value),
  write: encodeCell,
};

/** The encoded value in the state of a cell. */
export function valueIn(state: Present): Uint8Array {
  return decodeCell(state.value).value;
}

/** Encodes the state of a cell. Of an operation `life/number` the lives, which repeat, are listed apart. */
export function encodeCell({ value, writers }: CellValue): Uint8Array {
  const authors = new Map<string, number>();
  const rows: number[] = [];
  let before = 0;
  for (const { op, token } of writers) {
    const at = op?.lastIndexOf("/") ?? -1;
    const author = op === null ? null : op.slice(0, at);
    if (author !== null && !authors.has(author)) authors.set(author, authors.size + 1);
    const place = author === null ? 0 : authors.get(author) ?? 0;
    rows.push(place, op === null ? 0 : Number(op.slice(at + 1)), token - before);
    before = token;
  }
  return encodeValue([value, [...authors.keys()], rows], Infinity);
}

/** Decodes the state of a cell. Throws `MalformedError` for bytes that no node of this version wrote. */
export function decodeCell(bytes: Uint8Array): CellValue {
  const fields = decodeValue(bytes);
  if (!Array.isArray(fields) || fields.length !== 3) refuse();
  const [value, authors, rows] = fields;
  if (!(value instanceof Uint8Array) || !Array.isArray(authors) || !Array.isArray(rows)) refuse();
  if (!authors.every((author) => typeof author === "string")) refuse();
  if (rows.length === 0 || rows.length % ROW !== 0 || rows.length > ROW * MAX_WRITERS) refuse();
  if (!rows.every((number) => Number.isSafeInteger(number) && number >= 0)) refuse();
  const writers: CellWriter[] = [];
  let token = 0;
  for (let at = 0; at < rows.length; at += ROW) {
    const [place, number, distance] = rows.slice(at, at + ROW);
    token += distance;
    if (place > authors.length) refuse();
    writers.push({ op: place === 0 ? null : `${authors[place - 1]}/${number}`, token });
  }
  return { value, writers };
}

function refuse(): never {
  throw new MalformedError("not the state of a cell");
}
