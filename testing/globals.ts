import { replaceProperty } from "./replaced.ts";

/** What the global functions of time and chance do in a simulation. */
export interface VirtualGlobals {
  /** Milliseconds since 1970. */
  now(): number;
  /** Milliseconds since the simulation began. */
  elapsed(): number;
  setTimeout(callback: () => void, delay: unknown): number;
  setInterval(callback: () => void, delay: unknown): number;
  clear(timer: number): void;
  /** A number in [0, 1). */
  random(): number;
  /** Waits for what takes real time. */
  outside<T>(begin: () => T | PromiseLike<T>): Promise<T>;
}

/** The global functions of the simulation whose event runs at this moment. */
let present: VirtualGlobals | null = null;

/** The number of simulations that run. */
let users = 0;

let restore = () => {};

/** The promises of `crypto.subtle` take real time. */
const SUBTLE = [
  ...["digest", "sign", "verify", "encrypt", "decrypt", "wrapKey", "unwrapKey"],
  ...["generateKey", "importKey", "exportKey", "deriveBits", "deriveKey"],
];

/**
 * Replaces the global functions of time and chance, until the returned function is called. Simulations may run at the
 * same time: each says by {@linkcode enter} that its next event begins.
 */
export function replaceGlobals(): () => void {
  if (users++ === 0) restore = replaceAll();
  return () => {
    present = null;
    if (--users === 0) restore();
  };
}

/** Until the next call the global functions are those of this simulation; `null`: the real ones. */
export function enter(globals: VirtualGlobals | null): void {
  present = globals;
}

/** The object that Node makes of a timer; it can be used as a number. */
class Timer {
  readonly #id: number;

  constructor(id: number) {
    this.#id = id;
  }

  ref(): this {
    return this;
  }

  unref(): this {
    return this;
  }

  hasRef(): boolean {
    return true;
  }

  [Symbol.toPrimitive](): number {
    return this.#id;
  }
}

// deno-lint-ignore no-explicit-any -- functions of the platform, with any arguments
type Virtual = (globals: VirtualGlobals, ...args: any[]) => unknown;
type Replace = (owner: object, name: string, virtual: Virtual) => void;

function replaceTimers(replace: Replace): void {
  const probe: unknown = globalThis.setTimeout(() => {}, 0);
  globalThis.clearTimeout(probe as number);
  const shown = typeof probe === "object" ? (id: number) => new Timer(id) : (id: number) => id;
  const bound = (callback: unknown, args: unknown[]) => () => {
    if (typeof callback === "function") callback(...args);
  };
  for (const name of ["setTimeout", "setInterval"] as const) {
    replace(globalThis, name, (globals, callback, delay, ...args) => {
      return shown(globals[name](bound(callback, args), delay));
    });
  }
  replace(globalThis, "setImmediate", (globals, callback, ...args) => {
    return shown(globals.setTimeout(bound(callback, args), 0));
  });
}

function replaceAll(): () => void {
  const undo: (() => void)[] = [];
  const put = (owner: object, name: string, value: unknown) => {
    undo.push(replaceProperty(owner, name, value));
  };
  /** Replaces a function by `virtual` while an event of a simulation runs, if the platform has it. */
  const replace: Replace = (owner, name, virtual) => {
    const real: unknown = Reflect.get(owner, name);
    if (typeof real !== "function") return;
    put(owner, name, (...args: unknown[]) => {
      return present === null ? Reflect.apply(real, owner, args) : virtual(present, ...args);
    });
  };
  replaceTimers(replace);
  for (const name of ["clearTimeout", "clearInterval", "clearImmediate"]) {
    const real: unknown = Reflect.get(globalThis, name);
    if (typeof real !== "function") continue;
    put(globalThis, name, (timer: unknown) => {
      const isOurs = timer instanceof Timer || (typeof timer === "number" && present !== null);
      if (isOurs) present?.clear(Number(timer));
      else Reflect.apply(real, globalThis, [timer]);
    });
  }
  put(globalThis, "Date", virtualDate(globalThis.Date));
  replace(performance, "now", (globals) => globals.elapsed());
  replace(Math, "random", (globals) => globals.random());
  replace(AbortSignal, "timeout", (globals, delay) => {
    const controller = new AbortController();
    const late = () => controller.abort(new DOMException("Signal timed out.", "TimeoutError"));
    globals.setTimeout(late, delay);
    return controller.signal;
  });
  replace(crypto, "getRandomValues", (globals, view: ArrayBufferView) => {
    const bytes = new Uint8Array(view.buffer, view.byteOffset, view.byteLength);
    for (let i = 0; i < bytes.length; i++) bytes[i] = Math.floor(globals.random() * 256);
    return view;
  });
  replace(crypto, "randomUUID", (globals) => {
    const digits = "xxxxxxxx-xxxx-4xxx-8xxx-xxxxxxxxxxxx";
    return digits.replaceAll("x", () => Math.floor(globals.random() * 16).toString(16));
  });
  // Absent in pages that are not secure.
  const subtle: object | undefined = crypto.subtle;
  for (const name of subtle === undefined ? [] : SUBTLE) {
    const real: unknown = Reflect.get(subtle, name);
    if (typeof real !== "function") continue;
    replace(subtle, name, (globals, ...args) => {
      return globals.outside(() => Reflect.apply(real, subtle, args));
    });
  }
  return () => {
    for (const step of undo.reverse()) step();
  };
}

/** `Date`, whose present is that of the simulation. */
function virtualDate(RealDate: DateConstructor): DateConstructor {
  const now = () => present === null ? RealDate.now() : present.now();
  const virtual: DateConstructor = new Proxy(RealDate, {
    construct: (target, args, made) =>
      Reflect.construct(target, args.length > 0 ? args : [now()], made === virtual ? target : made),
    apply: () => new RealDate(now()).toString(),
    get: (target, name) => name === "now" ? now : Reflect.get(target, name),
  });
  return virtual;
}
