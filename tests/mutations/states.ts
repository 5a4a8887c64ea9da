import { type Mutation, mutationsOf } from "./mutation.ts";

const STATE = ["tests/singletons/state_test.ts"];
const STATES = ["tests/singletons/states_test.ts"];

/** Section 10: what instances leave to their successors. The model has the rest. */
export const STATES_OF_SINGLETONS: readonly Mutation[] = [
  ...mutationsOf("lib/paxos/state_register.ts", STATE, [
    {
      section: 10,
      name: "a replaced instance writes its state",
      find: "if (kept === null || kept.token !== token) return null;",
      replace: "void kept;",
    },
  ]),
  ...mutationsOf("lib/singletons/state.ts", STATE, [
    {
      section: 10,
      name: "an instance does not look whether it was replaced before it opened a state",
      find: "if (!await parts.isCurrent(limits)) throw replacedBy(parts);",
      replace: "void limits;",
    },
    {
      section: 10,
      name: "an instance that was replaced goes on",
      find: "  replaced(error);\n",
      replace: "",
    },
    {
      section: 10,
      name: "a write of a state takes two round trips",
      find: "{ ...limits, keepPromise: true, ...more }",
      replace: "{ ...limits, ...more }",
    },
    {
      section: 10,
      name: "a write of a state fails while there is no majority, though its instance goes on",
      find: "if (!isPassing || core.isOver) throw error;",
      replace: "throw error;",
    },
    {
      section: 10,
      name: "a write of a state that was sent before there was no room is told to have failed",
      find: "if (!isFull || !isSent) throw error;",
      replace: "throw error;",
      tests: ["tests/singletons/state_full_test.ts"],
    },
    {
      section: 10,
      name: "a write of a state that found no room at first may be there",
      find: "if (!isFull || !isSent) throw error;",
      replace: "if (!isFull) throw error;",
      tests: ["tests/singletons/state_full_test.ts"],
    },
    {
      section: 10,
      name: "a write of a state does not wait for the one before",
      find: "const result = this.#last.then(write)",
      replace: "const result = Promise.resolve().then(write)",
    },
  ]),
  ...mutationsOf("lib/singletons/running_instance.ts", STATES, [
    {
      section: 10,
      name: "the states of an instance outlast it though it forgets them",
      find: "if (this.#forgets) await this.#forget();",
      replace: "",
    },
    {
      section: 10,
      name: "an exit without forget rejects because another one could not forget",
      find: "if (!forget) return;",
      replace: "if (!forget && !this.#forgets) return;",
    },
    {
      section: 10,
      name: "exit does not tell that states may be left",
      find: "if (this.#notForgotten !== undefined) throw this.#notForgotten.error;",
      replace: "",
    },
  ]),
  ...mutationsOf("lib/singletons/state.ts", STATES, [
    {
      section: 10,
      name: "a state that is being opened outlasts an instance that forgets it",
      find: "if (!isOpen) await openRegister(register, lasting, true);",
      replace: "void isOpen;",
    },
  ]),
];
