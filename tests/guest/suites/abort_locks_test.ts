// Runs in Deno alone: virtual time; the suite of Web Locks runs over guests in each runtime.
import "../../support/use_guests.ts";
import "../../locks/abort_test.ts";
