// Runs in Deno alone: long; the suite of Web Locks runs over guests in each runtime.
import "../../support/use_guests.ts";
import "../../singletons/call_test.ts";
import "../../singletons/end_test.ts";
import "../../singletons/failover_test.ts";
import "../../singletons/kept_test.ts";
import "../../singletons/start_test.ts";
import "../../singletons/state_test.ts";
import "../../singletons/streams_test.ts";
import "../../singletons/supervisor_test.ts";
