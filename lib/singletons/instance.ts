import { decodeValue, encodeValue, UnencodableError } from "../codec.ts";
import type { Pid } from "../paxos/register.ts";
import { type Answer, sendable } from "./bodies.ts";
import type { Answering, Call } from "./inbox.ts";
import { isCallable } from "./remote.ts";

/** So many calls may wait for one instance; more are refused as `busy`. */
const MAX_WAITING = 10_000;

/** What an instance needs of its host. */
export interface InstanceParts {
  readonly pid: Pid;
  readonly token: number;
  readonly concurrent: boolean;
  /** The most bytes that an encoded result may have. */
  readonly maxValueBytes: number;
  /** Whether it may still act, at this instant. */
  readonly isOpen: () => boolean;
}

/** One running singleton, and the calls that wait for it: one at a time, unless they may overlap. */
export class Instance {
  readonly pid: Pid;
  readonly token: number;
  readonly #parts: InstanceParts;
  readonly #waiting: { call: Call; answering: Answering; begun: () => void }[] = [];
  #instance: { readonly value: unknown } | undefined;
  #running = 0;

  /** It takes calls at once, and runs them from `begin` on. */
  constructor(parts: InstanceParts) {
    this.pid = parts.pid;
    this.token = parts.token;
    this.#parts = parts;
  }

  /** Its start has made `value`. */
  begin(value: unknown): void {
    this.#instance = { value };
    this.#next();
  }

  /** Its start failed: so do the calls that wait for it. */
  fail(error: unknown): void {
    const failed = toFailure(error);
    for (const { answering } of this.#waiting.splice(0)) answering(failed);
  }

  /** It has ended: the calls that wait have never started, and may be made elsewhere. */
  end(): void {
    for (const { answering } of this.#waiting.splice(0)) answering({ type: "refused" });
  }

  /** Takes a call; `begun` is called when it begins to be executed. */
  call(call: Call, answering: Answering, begun: () => void = () => {}): void {
    if (this.#waiting.length >= MAX_WAITING) return answering({ type: "busy" });
    this.#waiting.push({ call, answering, begun });
    this.#next();
  }

  #next(): void {
    if (this.#instance === undefined) return;
    while (this.#waiting.length > 0 && (this.#parts.concurrent || this.#running === 0)) {
      const { call, answering, begun } = this.#waiting.shift()!;
      // At the instant of starting: a call that was let in may have waited past the deadline.
      if (!this.#parts.isOpen()) {
        answering({ type: "refused" });
        continue;
      }
      this.#running++;
      begun();
      void this.#run(this.#instance.value, call, answering);
    }
  }

  async #run(instance: unknown, call: Call, answering: Answering): Promise<void> {
    try {
      const method = methodOf(instance, call.method);
      const args = decodeValue(call.args);
      if (!Array.isArray(args)) throw new TypeError("The arguments of a call must be a list");
      const value = await method.apply(instance, args);
      answering({ type: "returned", value: encodeResult(value, call, this.#parts.maxValueBytes) });
    } catch (error) {
      const { name, message } = toFailure(error);
      answering({ type: "threw", name, message });
    } finally {
      this.#running--;
      this.#next();
    }
  }
}

/** What an error says to whoever is far away. */
export function toFailure(error: unknown): Answer & { readonly type: "failed" } {
  let [name, message] = ["Error", "an error that cannot be shown"];
  try {
    // What is thrown may be anything, and throw in turn when it is looked at.
    const isError = error instanceof Error || error instanceof DOMException;
    [name, message] = isError
      ? [sendable(error.name), sendable(error.message)]
      : [name, sendable(error)];
  } catch {
    // Said above.
  }
  return { type: "failed", name, message, code: "" };
}

/** In a list, since a method may return nothing, which is no value on its own. */
function encodeResult(value: unknown, call: Call, maxBytes: number): Uint8Array {
  try {
    return encodeValue([value], maxBytes);
  } catch (error) {
    if (!(error instanceof UnencodableError)) throw error;
    throw new TypeError(`${call.method}() returned what cannot be sent: ${error.message}`);
  }
}

/** A method of the instance's own or inherited interface; nothing that every object has. */
// deno-lint-ignore ban-types -- any function at all
function methodOf(instance: unknown, name: string): Function {
  let object: unknown = instance;
  const everybodys: unknown[] = [Object.prototype, Function.prototype];
  while (isCallable(name) && isObject(object) && !everybodys.includes(object)) {
    const property = Object.getOwnPropertyDescriptor(object, name);
    if (typeof property?.value === "function") return property.value;
    if (property !== undefined) break;
    object = Object.getPrototypeOf(object);
  }
  throw new TypeError(`The instance has no method ${JSON.stringify(name)}`);
}

function isObject(value: unknown): value is object {
  return (typeof value === "object" && value !== null) || typeof value === "function";
}
