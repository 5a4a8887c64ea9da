/**
 * Prints the fingerprint of one simulation.
 *
 * @module
 */
import { simulated } from "./simulated.ts";

console.log(JSON.stringify(await simulated(1)));
