/** Code in a source: the places of its first character and of the first one behind it. */
export interface Place {
  readonly start: number;
  readonly end: number;
}

/** Code that has the structure of what is looked for, with other names. */
export interface Renamed extends Place {
  /** The new name of each name that differs. */
  readonly names: ReadonlyMap<string, string>;
}

/** A word, or one character of anything else but white space. */
const TOKEN = /#?[A-Za-z_$][\w$]*|\d[\w.]*|\S/gu;

/** What a formatter may put between two tokens, and what says nothing: white space and comments. */
const GAP = String.raw`(?:\s|//[^\n]*\n|/\*(?:[^*]|\*(?!/))*\*/)`;

/** Words that are not names. */
const KEYWORDS = new Set(
  ("as async await break case catch class const continue default delete do else export extends false " +
    "finally for from function if import in instanceof interface let new null of private public " +
    "readonly return static super switch this throw true try type typeof undefined void while yield")
    .split(" "),
);

const isWord = (token: string): boolean => /^[#\w$]/.test(token);

const isName = (token: string): boolean => /^[#A-Za-z_$]/.test(token) && !KEYWORDS.has(token);

const escaped = (token: string): string => token.replace(/[.*+?^${}()|[\]\\/]/g, String.raw`\$&`);

/** The tokens of `code` without its comments. */
function tokensOf(code: string): string[] {
  return code.replaceAll(/(?<!\S)\/\/.*$|\/\*[^]*?\*\//gm, "").match(TOKEN) ?? [];
}

/**
 * An expression that finds `tokens` however they are formatted; `patternOf` is the one of a single token.
 * A formatter adds and removes commas before closing brackets.
 */
function expressionOf(tokens: readonly string[], patternOf: (token: string) => string): RegExp {
  let pattern = "";
  for (const [i, token] of tokens.entries()) {
    const [before, after] = [tokens[i - 1], tokens[i + 1]];
    const closes = (one: string | undefined) => one !== undefined && /^[)\]}]$/.test(one);
    if (before !== undefined) pattern += GAP + (isWord(before) && isWord(token) ? "+" : "*");
    if (token === "," && closes(after)) pattern += ",?";
    else if (closes(token) && before !== undefined && before !== ",") {
      pattern += `(?:,${GAP}*)?${patternOf(token)}`;
    } else pattern += patternOf(token);
  }
  const [first, last] = [tokens[0] ?? "", tokens.at(-1) ?? ""];
  return new RegExp(
    (isWord(first) ? String.raw`(?<![\w$#])` : "") + pattern +
      (isWord(last) ? String.raw`(?![\w$])` : ""),
    "gu",
  );
}

/** The places at which `code` is in `text`, however it is formatted there. */
export function placesOf(text: string, code: string): Place[] {
  const tokens = tokensOf(code);
  if (tokens.length === 0) return [];
  return [...text.matchAll(expressionOf(tokens, escaped))]
    .map((match) => ({ start: match.index, end: match.index + match[0].length }));
}

/**
 * The code in `text` that is like `code` but for names, each of which has one other name everywhere. Of
 * several, those with the fewest new names, which are at most half of all names.
 */
export function renamedPlacesOf(text: string, code: string): Renamed[] {
  const tokens = tokensOf(code);
  const names = [...new Set(tokens.filter(isName))];
  if (names.length === 0) return [];
  const seen = new Set<string>();
  const expression = expressionOf(tokens, (token) => {
    if (!isName(token)) return escaped(token);
    const group = names.indexOf(token) + 1;
    // A word that goes on is another word.
    if (seen.has(token)) return `\\${group}(?![\\w$])`;
    seen.add(token);
    return String.raw`(#?[A-Za-z_$][\w$]*)(?![\w$])`;
  });
  let found: Renamed[] = [];
  for (const match of text.matchAll(expression)) {
    const renamed = names.flatMap((name, i): [string, string][] =>
      match[i + 1] === name ? [] : [[name, match[i + 1]]]
    );
    if (renamed.some(([, name]) => KEYWORDS.has(name))) continue;
    if (renamed.length === 0 || renamed.length > names.length / 2) continue;
    const fewest = found[0]?.names.size ?? Infinity;
    if (renamed.length > fewest) continue;
    if (renamed.length < fewest) found = [];
    const [start, end] = [match.index, match.index + match[0].length];
    found.push({ start, end, names: new Map(renamed) });
  }
  return found;
}

/** `code` with other names. */
export function rename(code: string, names: ReadonlyMap<string, string>): string {
  return code.replaceAll(TOKEN, (token) => names.get(token) ?? token);
}

/** `text` with `replace` in place of `find`; throws an error unless `find` is in it exactly once. */
export function replaceOnce(text: string, find: string, replace: string): string {
  const places = placesOf(text, find);
  if (places.length !== 1) throw new Error(`its code occurs ${places.length} times, not once`);
  const [{ start, end }] = places;
  const result = text.slice(0, start) + replace + text.slice(end);
  if (tokensOf(find).join(" ") === tokensOf(replace).join(" ")) {
    throw new Error("it changes nothing");
  }
  return result;
}
