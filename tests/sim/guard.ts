import process from "node:process";

/** The functions that read real time, wait for it, or draw real randomness. */
const FORBIDDEN: readonly [object, string][] = [
  [Date, "now"],
  [performance, "now"],
  [Math, "random"],
  [globalThis, "setTimeout"],
  [globalThis, "setInterval"],
  [AbortSignal, "timeout"],
  [crypto, "getRandomValues"],
  [crypto, "randomUUID"],
];

/**
 * Runs `body` without real time and real randomness: one such call would make two runs of one seed differ.
 * Calls throw and are reported to `report`, as are unhandled rejections.
 */
export async function withoutReality<T>(
  report: (violation: string) => void,
  body: () => Promise<T>,
): Promise<T> {
  const undo: (() => void)[] = [];
  for (const [owner, name] of FORBIDDEN) {
    const before = Object.getOwnPropertyDescriptor(owner, name);
    const value = () => {
      const violation = `${name}() was called inside of the simulation`;
      report(violation);
      throw new Error(violation);
    };
    Object.defineProperty(owner, name, { value, configurable: true, writable: true });
    undo.push(() => {
      if (before) Object.defineProperty(owner, name, before);
      else Reflect.deleteProperty(owner, name); // it is inherited
    });
  }
  const unhandled = (reason: unknown) => {
    report(`unhandled rejection: ${reason instanceof Error ? reason.stack : String(reason)}`);
  };
  process.on("unhandledRejection", unhandled);
  try {
    return await body();
  } finally {
    process.off("unhandledRejection", unhandled);
    for (const step of undo) step();
  }
}
