/** One block of TypeScript in a Markdown file. */
export interface Snippet {
  /** The file, and the line in which the block begins. */
  readonly place: string;
  readonly code: string;
}

/** The blocks of TypeScript in `text`, the content of `file`. */
export function extractSnippets(file: string, text: string): Snippet[] {
  const snippets: Snippet[] = [];
  const lines = text.split("\n");
  for (let begin = 0; begin < lines.length; begin++) {
    const fence = /^( *)```(?:ts|typescript)\b/.exec(lines[begin]);
    if (fence === null) continue;
    const place = `${file}:${begin + 1}`;
    const [, indent] = fence;
    const end = lines.indexOf(`${indent}\`\`\``, begin);
    if (end < 0) throw new Error(`${place}: the block has no end`);
    const code = lines.slice(begin + 1, end).map((line) => line.slice(indent.length));
    snippets.push({ place, code: code.join("\n") + "\n" });
    begin = end;
  }
  return snippets;
}

/** The available names that snippets may use without an import, by the file that exports them. */
const NAMES: Readonly<Record<string, readonly string[]>> = {
  "./node.ts": ["node"],
  "./prelude.ts": ["id", "join", "members", "order", "store", "transport", "secret", "work"],
};

function uses(code: string, name: string): boolean {
  return new RegExp(`(?<![.\\w"/])${name}\\b(?! *:|["\\w-])`).test(code);
}

function makes(code: string, name: string): boolean {
  return new RegExp(
    `(?:const|let|class|function) ${name}\\b|import \\{[^}]*\\b${name}\\b`,
  ).test(code);
}

/** The program for a snippet, with the names that it uses; it closes its node at the end. */
export function withPrelude({ code }: Snippet): string {
  let program = "";
  for (const [file, names] of Object.entries(NAMES)) {
    const used = names.filter((name) => uses(code, name) && !makes(code, name));
    if (used.length > 0) program += `import { ${used.join(", ")} } from "${file}";\n`;
  }
  // A loop over changes ends when its node closes.
  if (code.includes(".watch(")) program += `import "./watched.ts";\n`;
  if (code.includes("Deno.test(")) program += `import "./deno_runner.ts";\n`;
  program += code;
  return uses(code, "node") ? `${program}await node.close();\n` : program;
}
