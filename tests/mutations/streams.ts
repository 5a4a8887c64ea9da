import { type Mutation, mutationsOf } from "./mutation.ts";

const STREAMS = ["tests/singletons/streams_test.ts"];
const CALLER = ["tests/singletons/remote_stream_test.ts"];
const INSTANCE = ["tests/singletons/instance_test.ts"];

/** Section 10: results that come one after the other. */
export const STREAMS_OF_SINGLETONS: readonly Mutation[] = [
  ...mutationsOf("lib/singletons/streams.ts", STREAMS, [
    {
      section: 10,
      name: "a generator goes on when its caller has stopped to iterate",
      find: "await stop(stream.iterator);",
      replace: "",
    },
    {
      section: 10,
      name: "the signal of a stream does not abort when its caller has stopped to iterate",
      find: "stream.opening.cancellation.cancel();",
      replace: "",
    },
    {
      section: 10,
      name: "any caller may follow a stream",
      find: "stream === undefined || stream.opening.life !== received.life",
      replace: "stream === undefined",
      tests: INSTANCE,
    },
    {
      section: 10,
      name: "a cast opens a stream",
      find: "const isWanted = call.awaited && !cancellation.isCancelled;",
      replace: "const isWanted = !cancellation.isCancelled;",
      tests: INSTANCE,
    },
    {
      section: 10,
      name: "one caller may take all streams of an instance",
      find: "&& ofCaller < MAX_OF_CALLER",
      replace: "",
    },
  ]),
  ...mutationsOf("lib/singletons/instance.ts", STREAMS, [
    {
      section: 10,
      name: "a host that leaves does not wait for its streams",
      find: "await this.#streams.over();",
      replace: "",
    },
  ]),
  ...mutationsOf("lib/singletons/running_instance.ts", STREAMS, [
    {
      section: 10,
      name: "a stream outlasts its instance",
      find: "this.instance.endStreams(!isGraceful);",
      replace: "",
    },
    {
      section: 10,
      name: "a generator cannot call its own instance",
      find: "if (call === undefined || isStream) return [];",
      replace: "if (call === undefined) return [];",
    },
  ]),
  ...mutationsOf("lib/singletons/host.ts", STREAMS, [
    {
      section: 10,
      name: "a stream outlasts its caller",
      find: "for (const { instance } of this.#running.values()) instance.stopSilent(longest);",
      replace: "",
    },
  ]),
  ...mutationsOf("lib/singletons/remote_stream.ts", CALLER, [
    {
      section: 10,
      name: "the caller of a stream that wants no item yet is taken for lost",
      find: "this.#cast(STREAM_CALLS.keep);",
      replace: "",
      tests: STREAMS,
    },
    {
      section: 10,
      name: "a stream whose host is lost ends as one whose instance has ended",
      find:
        'throw new SynodError("outcome_unknown", `Node ${pid.node} vanished during ${method}()`);',
      replace: 'throw new SynodError("closed", method);',
    },
    {
      section: 10,
      name: "two items are asked for at once",
      find: "const next = this.#last.then(() => this.#next());",
      replace: "const next = this.#next();",
    },
    {
      section: 10,
      name: "a stream goes on when the signal of its call is aborted",
      find: "if (this.#parts.shell.closed === undefined) this.#cast(STREAM_CALLS.end);",
      replace: "",
    },
  ]),
];
