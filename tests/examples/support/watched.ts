/**
 * Closes the node as soon as a change is logged.
 *
 * @module
 */
import { node } from "./node.ts";

const { log } = console;
console.log = (...shown: unknown[]) => {
  log(...shown);
  void node.close();
};
