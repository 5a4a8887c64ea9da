/** What the snippets use of Node, for TypeScript without the types of Node. */
declare module "node:sqlite" {
  // deno-lint-ignore no-explicit-any -- its types are not what the snippets are checked for
  export const DatabaseSync: new (file: string) => any;
}

declare module "node:fs" {
  export function renameSync(from: string, to: string): void;
}

declare module "node:test" {
  export default function test(name: string, body: () => Promise<void>): void;
}

declare const Deno: { test(name: string, body: () => Promise<void>): void };
