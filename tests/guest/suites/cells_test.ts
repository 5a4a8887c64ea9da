// Runs in Deno alone: real time that is long; the suite of Web Locks runs over guests in each runtime.
import "../../support/use_guests.ts";
import "../../cells/cell_test.ts";
