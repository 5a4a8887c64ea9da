/** A small change to the code that breaks one rule of the protocol. */
export interface Mutation {
  /** The section of docs/protocol.md with the rule. */
  readonly section: number;
  /** The broken behaviour, as a sentence. */
  readonly name: string;
  /** The file that implements the rule, relative to the root of the project. */
  readonly file: string;
  /** The code that implements the rule; it occurs exactly once in the file. */
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

/** Applies a mutation to `text`; throws if the code to replace does not occur exactly once. */
export function broken(text: string, { name, file, find, replace }: Mutation): string {
  const parts = text.split(find);
  if (parts.length !== 2) {
    throw new Error(`"${name}": its code occurs ${parts.length - 1} times in ${file}, not once`);
  }
  if (find === replace) throw new Error(`"${name}" changes nothing`);
  return parts.join(replace);
}
