/** The names under which Node and Bun, and Deno, look for a way to show an object in `console.log`. */
const NODE: unique symbol = Symbol.for("nodejs.util.inspect.custom");
const DENO: unique symbol = Symbol.for("Deno.customInspect");

/** What shows a value as the runtime shows any other one. */
type Inspect = (value: unknown, options: unknown) => string;

/**
 * Has `console.log` show `target`, or what inherits from it, as `name` and what `fields` gives then:
 * without that, an object whose state is private is shown as one that has none.
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
      // It is the prototype itself, or what merely inherits from it.
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
