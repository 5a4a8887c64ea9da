/**
 * A program for every runtime: three threads that join, put and close. Neither they nor the main thread
 * call exit.
 *
 * @module
 */
import { startThread } from "./threads.ts";

for (const id of ["w1", "w2", "w3"]) {
  const thread = await startThread(new URL("./leaving_member.ts", import.meta.url));
  thread.post(id);
  thread.onError((error) => {
    throw error;
  });
}
