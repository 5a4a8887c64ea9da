import { DatabaseSync } from "node:sqlite";
import { join } from "@synod/synod";
import { memoryNetwork } from "@synod/synod/transports/memory";

const database = new DatabaseSync(":memory:");
database.exec("CREATE TABLE account (id TEXT PRIMARY KEY, balance INTEGER, token INTEGER)");
database.exec("INSERT INTO account VALUES ('ada', 100, 0)");

/** Writes unless an owner with a greater token has written. One owner may write often: hence `<=`. */
function write(id: string, balance: number, token: number): boolean {
  const statement = "UPDATE account SET balance = ?, token = ? WHERE id = ? AND token <= ?";
  return database.prepare(statement).run(balance, token, id, token).changes === 1;
}

const members = ["w1", "w2", "w3"];
const network = memoryNetwork();
const [w1, w2, w3] = await Promise.all(
  members.map((id) => join({ id, members, transport: network.transport() })),
);

const early = await w1.lock("account/ada");
console.log("the owner writes:", write("ada", 90, early.token), write("ada", 80, early.token));
// It stands still from here on; another one is given the lock.
const late = await w2.lock("account/ada", { steal: true });
console.log("the next owner writes:", write("ada", 70, late.token));
console.log("the first one wakes up and writes:", write("ada", 0, early.token));
console.log(database.prepare("SELECT balance FROM account").get()?.balance);

await Promise.all([w1, w2, w3].map((node) => node.close()));
