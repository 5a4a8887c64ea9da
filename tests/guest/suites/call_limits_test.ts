// Runs in Deno alone: virtual time, so its outcome does not depend on the runtime.
import "../../support/use_guests.ts";
import "../../singletons/call_limits_test.ts";
