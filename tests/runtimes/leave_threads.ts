/**
 * A program for every runtime: three threads that join, put and close. Nothing tells the threads or the
 * process to end.
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
