/**
 * Puts `value` in the place of the property `name` of a global object; returns the function that puts back what was
 * there.
 */
export function replaceProperty(owner: object, name: string, value: unknown): () => void {
  const before = Object.getOwnPropertyDescriptor(owner, name);
  const enumerable = before?.enumerable ?? false;
  Object.defineProperty(owner, name, { value, configurable: true, writable: true, enumerable });
  return () => {
    if (before) Object.defineProperty(owner, name, before);
    else Reflect.deleteProperty(owner, name); // it is inherited
  };
}
