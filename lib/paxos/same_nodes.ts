/** Whether both lists have the same nodes, in any order. No node is in a list twice. */
export function sameNodes(a: readonly string[], b: readonly string[]): boolean {
  return a.length === b.length && a.every((node) => b.includes(node));
}
