import { replaceOnce } from "./code.ts";

/** A small change to the code that breaks one rule of the protocol. */
export interface Mutation {
  /** The section of docs/protocol.md with the rule. */
  readonly section: number;
  /** The broken behaviour, as a sentence. */
  readonly name: string;
  /** The file that implements the rule, relative to the root of the project. */
  readonly file: string;
  /** The code that implements the rule: exactly once in the file, however it is formatted there. */
  readonly find: string;
  /** The replacement. */
  readonly replace: string;
  /** Test files, relative to the root of the project; at least one must fail. */
  readonly tests: readonly string[];
}

/** A mutation without its file and, optionally, its tests; see {@linkcode mutationsOf}. */
export type Break = Omit<Mutation, "file" | "tests"> & { readonly tests?: readonly string[] };

/** Mutations of one file; `tests` is the default for mutations without their own tests. */
export function mutationsOf(
  file: string,
  tests: readonly string[],
  breaks: readonly Break[],
): Mutation[] {
  return breaks.map((one) => ({ ...one, file, tests: one.tests ?? tests }));
}

/** Applies a mutation to `text`; throws if the code to replace is not in it exactly once. */
export function broken(
  text: string,
  { name, file, find, replace }: Omit<Mutation, "section" | "tests">,
): string {
  try {
    return replaceOnce(text, find, replace);
  } catch (error) {
    throw new Error(`"${name}" does not fit ${file}: ${(error as Error).message}`);
  }
}
