/**
 * The symbols under which Node and Bun, and Deno, look for the method that shows an object in `console.log`.
 */
const NODE: unique symbol = Symbol.for("nodejs.util.inspect.custom");
const DENO: unique symbol = Symbol.for("Deno.customInspect");

/** The runtime's function that shows a value. */
type Inspect = (value: unknown, options: unknown) => string;

/**
 * Has `console.log` show `target`, or an object that inherits from it, as `name` and the result of `fields`.
 * Otherwise an object with private state is shown without any.
 */
export function showAs<T extends object>(
  target: T,
  name: string,
  fields: (instance: T) => Readonly<Record<string, unknown>>,
): void {
  const show = (instance: T, options: unknown, inspect: Inspect): string => {
    let shown: Readonly<Record<string, unknown>>;
    try {
      shown = fields(instance);
    } catch {
      // It is the prototype itself, or an object that merely inherits from it.
      return `${name} {}`;
    }
    return `${name} ${inspect(shown, options)}`;
  };
  const properties = {
    [NODE](this: T, _depth: number, options: unknown, inspect: Inspect) {
      return show(this, options, inspect);
    },
    [DENO](this: T, inspect: Inspect, options: unknown) {
      return show(this, options, inspect);
    },
  };
  for (const key of [NODE, DENO] as const) {
    Object.defineProperty(target, key, {
      value: properties[key],
      configurable: true,
      writable: true,
    });
  }
}
