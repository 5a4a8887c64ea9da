import { refuse } from "./field_reader.ts";

/** A typed field of a message between guest and gateway. */
export interface Field<T> {
  /** The form in which it travels. */
  encode(value: T): unknown;
  /** Checks what has come; throws a `MalformedField`. */
  decode(field: unknown): T;
}

/** The fields of an object, in the order in which they travel. */
export type Fields<T> = { readonly [K in keyof T]-?: Field<T[K]> };

/** The fields of each kind of message. The place of a kind in the table is its number on the wire. */
export type Kinds<M extends { readonly type: string }> = {
  readonly [K in M["type"]]: Fields<Omit<Extract<M, { readonly type: K }>, "type">>;
};

type Named = readonly [name: string, field: Field<unknown>][];

/** A field that travels as it is, and is checked by `decode`, which throws a `MalformedField`. */
export function plain<T>(decode: (field: unknown) => T): Field<T> {
  return { encode: (value) => value, decode };
}

/** A field that may be `null`. */
export function nullable<T>({ encode, decode }: Field<T>): Field<T | null> {
  return {
    encode: (value) => value === null ? null : encode(value),
    decode: (field) => field === null ? null : decode(field),
  };
}

/** A list of at most `limit` entries. */
export function list<T>({ encode, decode }: Field<T>, limit: number): Field<readonly T[]> {
  return {
    encode: (values) => values.map(encode),
    decode: (field) => listOf(field, limit).map(decode),
  };
}

/** An object as a list of its fields. */
export function object<T extends object>(fields: Fields<T>): Field<T> {
  const named = Object.entries(fields) as unknown as Named;
  return {
    encode: (value) => written(named, value),
    decode: (field) => read(named, listOf(field, named.length), 0, {}) as T,
  };
}

/** One of several kinds: a list of its number and its fields. */
export function union<M extends { readonly type: string }>(kinds: Kinds<M>): Field<M> {
  const types = Object.keys(kinds);
  const all = types.map((type) => Object.entries(kinds[type as M["type"]]) as unknown as Named);
  return {
    encode: (value) => {
      const number = types.indexOf(value.type);
      return [number, ...written(all[number], value)];
    },
    decode: (field) => {
      const fields = listOf(field, Infinity);
      const named = all[fields[0] as number];
      if (!Number.isInteger(fields[0]) || named === undefined) refuse("a message of unknown kind");
      return read(named, fields, 1, { type: types[fields[0] as number] }) as M;
    },
  };
}

function written(named: Named, value: object): unknown[] {
  return named.map(([name, { encode }]) => encode((value as Record<string, unknown>)[name]));
}

function read(
  named: Named,
  fields: readonly unknown[],
  from: number,
  into: Record<string, unknown>,
): unknown {
  if (fields.length !== from + named.length) refuse(`not ${named.length} fields`);
  named.forEach(([name, { decode }], index) => into[name] = decode(fields[from + index]));
  return into;
}

function listOf(field: unknown, limit: number): unknown[] {
  if (!Array.isArray(field)) refuse("a list was expected");
  return field.length > limit ? refuse(`a list of more than ${limit}`) : field;
}
