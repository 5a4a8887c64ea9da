import { type Mutation, mutationsOf } from "./mutation.ts";

const OPERATIONS = ["tests/guest/operations_test.ts"];
const LINK = ["tests/guest/link_test.ts"];

/** The duties of a guest. */
export const GUEST_SIDE: readonly Mutation[] = [
  ...mutationsOf("guest/operations.ts", OPERATIONS, [
    {
      section: 13,
      name: "a guest sends to another gateway what the first may still work on",
      find: "if (rest > 0) {",
      replace: "if (rest < 0) {",
    },
    {
      section: 13,
      name: "a guest sends an operation again as a new one",
      find: "again: wasSent, timeout",
      replace: "again: false, timeout",
    },
    {
      section: 13,
      name: "a guest undoes at another gateway what the first may still do",
      find: "for (const gateway of undone.touched) run.touched.add(gateway);",
      replace: "",
    },
    {
      section: 13,
      name: "a guest undoes what it has not cancelled",
      find: "if (wasSent && !isAnswered) yield cancelOf(number);",
      replace: "",
    },
    {
      section: 13,
      name: "a guest gives up what a gateway did too late to do",
      find: 'if (message.code === "late") return this.#sendAgain(run);',
      replace: "",
    },
  ]),
  ...mutationsOf("guest/owners.ts", OPERATIONS, [
    {
      section: 13,
      name: "a guest releases without a write what it may have written",
      find: "let unsure = owner.isUnsure(register);",
      replace: "let unsure = false;",
    },
  ]),
  ...mutationsOf("guest/link.ts", LINK, [
    {
      section: 13,
      name: "a guest does not compare the genesis",
      find: "if (genesis === null || genesis === this.#genesis) return false;",
      replace: "if (genesis !== this.#parts.identity.id) return false;",
    },
    {
      section: 13,
      name: "a guest believes a gateway that it has turned away from",
      find: "received: (frame) => void (isPresent() && this.#receive(frame)),",
      replace: "received: (frame) => void this.#receive(frame),",
      tests: OPERATIONS,
    },
    {
      section: 13,
      name: "a guest waits for ever for a silent gateway",
      find: 'if (++this.#silentLooks >= SILENT_LOOKS) return this.#drop("the gateway is silent");',
      replace: "",
    },
  ]),
];
