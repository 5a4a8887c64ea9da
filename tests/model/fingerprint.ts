import { PROMISE_TTL } from "../../lib/paxos/acceptor.ts";

/**
 * The numbers that a process gives its questions begin here. They differ from run to run of the same
 * process and mean nothing but which question is which, so a fingerprint replaces each by where it is
 * kept: `recovery._question`, say.
 */
export const FIRST_NUMBER = 1_000_000_000;

/** What a machine remembers, as text, and its question numbers. */
export interface Fingerprint {
  readonly text: string;
  /** Where each question number is kept, and the number. */
  readonly numbers: ReadonlyMap<string, number>;
}

/**
 * Fields that mean nothing any more, by class: they would tell states apart that behave the same for
 * ever. Everything that is not listed counts.
 */
const MEANINGLESS: Record<string, (machine: Record<string, unknown>) => readonly string[]> = {
  // When it looks for old promises again: whenever that is, none of them is old before.
  Acceptor: ({ _nextDrop, _promisedOnly }) => {
    for (const since of (_promisedOnly as ReadonlyMap<string, number>).values()) {
      if (Number(_nextDrop) <= since + PROMISE_TTL) continue;
      throw new Error(`a promise of ${since} is not looked at before ${_nextDrop}`);
    }
    // Both follow from the entries.
    return ["_nextDrop", "_bytes", "endings"];
  },
  // Filled anew when the next attempt begins, and looked at only while promises are awaited.
  Proposer: ({ _phase, _fallback }) => [
    ...(_phase === "prepare" || (_phase === "accept" && _fallback !== undefined)
      ? []
      : ["_promises"]),
    ...(_phase === "prepare" ? [] : ["_fulls"]),
    ...(_phase === "done" ? ["_fallback"] : []),
  ],
  // Filled anew when the question is asked again.
  Recovery: ({ _question }) => _question === null ? ["_known"] : [],
};

/**
 * Writes down everything that `root` remembers: two machines with the same text behave the same from
 * now on. Objects in `constants` are written by their name. The order of maps and sets is left out.
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
    // It lists the names of the acceptor's entries, which are shown; how it keeps them changes nothing.
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
 * How often a round of the genesis was asked: the less the more can still happen, and every search may
 * ask so often at once that the round ends (the input `ticks`). So it is enough to go on from the state
 * that was found first, as long as that is not the last time.
 */
function isLittle(asked: unknown): boolean {
  if (Number(asked) >= 5) throw new Error("a round was asked too often to leave out how often");
  return true;
}

/** Values are text, filled up with zeros to their size. */
function writeBytes(bytes: Uint8Array): string {
  return `bytes ${JSON.stringify(textOf(bytes))}/${bytes.length}`;
}

/** The text at the beginning of a value. */
export function textOf(value: Uint8Array): string {
  const end = value.indexOf(0);
  return new TextDecoder().decode(end < 0 ? value : value.subarray(0, end));
}
