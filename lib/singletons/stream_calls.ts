/**
 * The calls by which a caller follows a stream: a method's result that is an AsyncIterable. They are attempts like
 * others, with the number of the stream as their argument. Users can call no method with such a name.
 */
export const STREAM_CALLS = {
  /** Asks for the next item: answered with a list of it, or an empty list at the end. */
  next: "_next",
  /** Ends the stream; answered when the generator has ended. */
  end: "_end",
  /** Says that the caller is there, and wants nothing yet. A cast. */
  keep: "_keep",
} as const;

/** Whether a call follows a stream that another one has opened. */
export function isStreamCall(method: string): boolean {
  return method === STREAM_CALLS.next || method === STREAM_CALLS.end ||
    method === STREAM_CALLS.keep;
}

/** Time between two signs that the caller of a stream is there, in milliseconds. */
export const KEEP_EVERY = 1_000;

/** A value with items that come one after the other. */
export function isAsyncIterable(value: unknown): value is AsyncIterable<unknown> {
  return typeof value === "object" && value !== null &&
    typeof (value as Partial<AsyncIterable<unknown>>)[Symbol.asyncIterator] === "function";
}
