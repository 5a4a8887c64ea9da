/** One rule of the protocol, and a small change to the code that breaks it. */
export interface Mutation {
  /** The section of the protocol that the rule is in. */
  readonly section: number;
  /** What is broken, as a sentence. */
  readonly name: string;
  /** The file that keeps the rule, from the root of the project. */
  readonly file: string;
  /** The code that keeps it; once in its file. */
  readonly find: string;
  /** The code in its place. */
  readonly replace: string;
  /** The test files one of which has to fail then, from the root of the project. */
  readonly tests: readonly string[];
}

/** A mutation before it is said which file and which tests it is about. */
export type Break = Omit<Mutation, "file" | "tests"> & { readonly tests?: readonly string[] };

/** Mutations of one file; `tests` are for those that name none of their own. */
export function mutationsOf(
  file: string,
  tests: readonly string[],
  breaks: readonly Break[],
): Mutation[] {
  return breaks.map((one) => ({ ...one, file, tests: one.tests ?? tests }));
}

/** `text` with the rule broken; throws if the code that keeps it is not there exactly once. */
export function broken(text: string, { name, file, find, replace }: Mutation): string {
  const parts = text.split(find);
  if (parts.length !== 2) {
    throw new Error(`"${name}": its code is ${parts.length - 1} times in ${file}, not once`);
  }
  if (find === replace) throw new Error(`"${name}" changes nothing`);
  return parts.join(replace);
}
