import { singleton } from "../../mod.ts";
import { type Bug, QUICK } from "./bug.ts";

interface Account {
  balance: number;
  readonly done: Set<string>;
}

/** Adds an amount to the account, in a database that outlives every host. */
type Program = (account: Account, operation: string, amount: number) => void;

/** A call whose outcome is unknown may have run: making it again may run it twice. */
export const repeatedCall: Bug<Program> = {
  title: "makes a call again that is not idempotent",

  broken(account, _operation, amount) {
    account.balance += amount;
  },

  fixed(account, operation, amount) {
    if (account.done.has(operation)) return;
    account.done.add(operation);
    account.balance += amount;
  },

  async test(world, program) {
    const account: Account = { balance: 0, done: new Set() };
    const Bank = singleton({
      id: "bank",
      start: ({ node }) => ({
        async deposit(operation: string, amount: number) {
          program(account, operation, amount);
          await world.machine(node).sleep(200);
        },
      }),
    });
    const [a] = await world.join("a", QUICK);
    await world.join("b", "c", { ...QUICK, hosts: [Bank] });
    const client = a.name("main", Bank);
    world.setTimeout(() => {
      for (const host of ["b", "c"]) if (world.random() < 0.5) world.crash(host);
    }, 1_200 * world.random());
    for (let i = 0; i < 5; i++) {
      const operation = crypto.randomUUID();
      for (let tries = 0; tries < 3; tries++) {
        try {
          await client.deposit(operation, 10);
          break;
        } catch {
          await world.sleep(500);
        }
      }
    }
    if (account.balance > 50) {
      throw new Error(`50 were paid, and the balance is ${account.balance}`);
    }
  },
};
