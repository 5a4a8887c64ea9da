import { PROMISE_TTL } from "../../lib/paxos/bare_promises.ts";

/**
 * The first question number of a process. The numbers differ between runs of the same process and only
 * identify questions. So a fingerprint replaces each number by the place where it is kept, for example
 * `recovery._question`.
 */
export const FIRST_NUMBER = 1_000_000_000;

/** The memory of a machine as text, and its question numbers. */
export interface Fingerprint {
  readonly text: string;
  /** The question numbers by their places. */
  readonly numbers: ReadonlyMap<string, number>;
}

/**
 * Fields without an effect on later behaviour, by class: they would distinguish states that behave the same.
 * All other fields count.
 */
const MEANINGLESS: Record<string, (machine: Record<string, unknown>) => readonly string[]> = {
  // These follow from the entries.
  Acceptor: () => ["_bytes", "endings"],
  // The time of the next check for old promises: no promise is old before that time.
  BarePromises: ({ _nextOld, _since }) => {
    for (const since of (_since as ReadonlyMap<string, number>).values()) {
      if (Number(_nextOld) <= since + PROMISE_TTL) continue;
      throw new Error(`a promise of ${since} is not looked at before ${_nextOld}`);
    }
    return ["_nextOld"];
  },
  // Filled again when the next attempt begins, and used only while promises are awaited.
  Proposer: ({ _phase, _fallback }) => [
    ...(_phase === "fast" ? [] : ["_fast"]),
    ...(_phase === "prepare" || _phase === "fast" ||
        (_phase === "accept" && _fallback !== undefined)
      ? []
      : ["_promises"]),
    ...(_phase === "prepare" || _phase === "fast" ? [] : ["_fulls"]),
    ...(_phase === "done" ? ["_fallback"] : []),
  ],
  // Filled again when the question is asked again.
  Recovery: ({ _question }) => _question === null ? ["_known"] : [],
};

/**
 * The memory of `root` as text: two machines with the same text behave the same from now on. Objects in
 * `constants` are written by name. The order of maps and sets does not count.
 */
export function fingerprint(
  root: object,
  constants: ReadonlyMap<unknown, string>,
): Fingerprint {
  const numbers = new Map<string, number>();
  const kept = new Map<number, string>();
  const write = (value: unknown, path: string): string => {
    switch (typeof value) {
      case "string":
        return JSON.stringify(value);
      case "number": {
        if (value < FIRST_NUMBER || value === Infinity) return String(value);
        let place = kept.get(value);
        if (place === undefined) {
          place = path;
          kept.set(value, place);
          numbers.set(place, value);
        }
        return `<${place}>`;
      }
      case "object":
        return value === null ? "null" : writeObject(value, path);
      case "function":
        return "";
      default:
        return String(value);
    }
  };
  const writeObject = (value: object, path: string): string => {
    const constant = constants.get(value);
    if (constant !== undefined) return constant;
    if (value instanceof Uint8Array) return writeBytes(value);
    if (Array.isArray(value)) {
      return `[${value.map((item, index) => write(item, `${path}[${index}]`)).join()}]`;
    }
    if (value instanceof Set) {
      return `{${[...value].map((item) => write(item, path)).sort().join()}}`;
    }
    if (value instanceof Map) {
      return `{${
        [...value].map(([key, item]) => `${write(key, path)}:${write(item, `${path}[${key}]`)}`)
          .sort().join()
      }}`;
    }
    const name = value.constructor.name;
    // It holds the names of the acceptor's entries, which are in the text; its structure has no effect.
    if (name === "RegisterIndex") return name;
    const meaningless = MEANINGLESS[name]?.(value as Record<string, unknown>) ?? [];
    let text = name === "Object" ? "{" : `${name}{`;
    for (const [key, item] of Object.entries(value)) {
      if (typeof item === "function" || meaningless.includes(key)) continue;
      if (key === "asked" && isLittle(item)) continue;
      text += `${key}:${write(item, path === "" ? key : `${path}.${key}`)},`;
    }
    return `${text}}`;
  };
  return { text: write(root, ""), numbers };
}

/**
 * Whether the number of times that a genesis round was asked may be left out. With a lower number more can
 * still happen, and any search may ask repeatedly until the round ends (the input `ticks`). So it is enough to
 * continue from the state that was found first, unless the next time is the last one.
 */
function isLittle(asked: unknown): boolean {
  if (Number(asked) >= 5) throw new Error("a round was asked too often to leave the number out");
  return true;
}

/** Values are text, padded with zeros to their size. */
function writeBytes(bytes: Uint8Array): string {
  return `bytes ${JSON.stringify(textOf(bytes))}/${bytes.length}`;
}

/** The text at the beginning of a value. */
export function textOf(value: Uint8Array): string {
  const end = value.indexOf(0);
  return new TextDecoder().decode(end < 0 ? value : value.subarray(0, end));
}
