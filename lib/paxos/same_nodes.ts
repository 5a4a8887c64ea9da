/** Whether both lists have the same nodes, in any order; each once, also in a list that another node has sent. */
export function sameNodes(a: readonly string[], b: readonly string[]): boolean {
  const areIn = (some: readonly string[], others: readonly string[]) =>
    some.every((node) => others.includes(node));
  return a.length === b.length && areIn(a, b) && areIn(b, a);
}
