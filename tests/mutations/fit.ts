import { placesOf, rename, renamedPlacesOf } from "./code.ts";

/** What a mutation changes, and where. */
export interface Edit {
  readonly name: string;
  /** Relative to the root of the project. */
  readonly file: string;
  readonly find: string;
  readonly replace: string;
}

/** The sources of the project by their paths. */
export type Sources = ReadonlyMap<string, string>;

/** Why a mutation does not fit the code. */
export interface Misfit {
  readonly edit: Edit;
  readonly why: string;
  /** The mutation that fits, if what was moved or renamed is clear. */
  readonly mended: Edit | null;
}

/** Why `edit` does not fit the sources; null if it does. */
export function misfitOf(edit: Edit, sources: Sources): Misfit | null {
  const text = sources.get(edit.file);
  if (text === undefined) return moved(edit, sources);
  const count = placesOf(text, edit.find).length;
  if (count === 1) {
    return edit.find === edit.replace ? { edit, why: "it changes nothing", mended: null } : null;
  }
  if (count > 1) return { edit, why: `its code is there ${count} times`, mended: null };
  const candidates = renamedPlacesOf(text, edit.find);
  if (candidates.length !== 1) {
    const why = candidates.length === 0
      ? "its code is not there"
      : `its code is not there, and ${candidates.length} places are like it but for names`;
    return { edit, why, mended: null };
  }
  const { names } = candidates[0];
  const mended = {
    ...edit,
    find: rename(edit.find, names),
    replace: rename(edit.replace, names),
  };
  const why = [...names].map(([from, to]) => `${from} seems to be ${to} now`).join(", ");
  return { edit, why, mended };
}

function moved(edit: Edit, sources: Sources): Misfit {
  const files = [...sources].filter(([, text]) => placesOf(text, edit.find).length === 1);
  const why = "there is no such file";
  if (files.length !== 1) return { edit, why, mended: null };
  const [[file]] = files;
  return { edit, why: `${why}; its code is in ${file}`, mended: { ...edit, file } };
}

/** A line that tells of a misfit. */
export function describeMisfit({ edit, why, mended }: Misfit): string {
  const hint = mended === null ? "" : " (deno task mutate --mend)";
  return `${edit.file}: "${edit.name}": ${why}${hint}`;
}

/** How a string may be written in a source. */
function literalsOf(text: string): string[] {
  const double = JSON.stringify(text);
  const single = `'${double.slice(1, -1).replaceAll('\\"', '"').replaceAll("'", "\\'")}'`;
  return [double, single];
}

/** `source` with another literal in place of the first one of `from` at or after `start`; null without one. */
function replaceLiteral(source: string, from: string, to: string, start: number): string | null {
  for (const literal of literalsOf(from)) {
    const at = source.indexOf(literal, start);
    if (at < 0) continue;
    return source.slice(0, at) + JSON.stringify(to) + source.slice(at + literal.length);
  }
  return null;
}

/**
 * `list`, the source of a list of mutations, with a mended one; null if its name or code is not written there
 * in one piece. A file that moved is replaced everywhere, since a list names it once for several mutations.
 */
export function mendList(list: string, { edit, mended }: Misfit): string | null {
  if (mended === null) return null;
  const [literal] = literalsOf(edit.name).filter((one) => list.includes(one));
  if (literal === undefined) return null;
  if (mended.file !== edit.file) {
    const [from, to] = [edit.file, mended.file].map((file) => JSON.stringify(file));
    return list.includes(from) ? list.replaceAll(from, to) : null;
  }
  const start = list.indexOf(literal) + literal.length;
  const found = replaceLiteral(list, edit.find, mended.find, start);
  if (found === null || edit.replace === mended.replace) return found;
  return replaceLiteral(found, edit.replace, mended.replace, start);
}
