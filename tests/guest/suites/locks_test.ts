// Runs in Deno alone: virtual time; the suite of Web Locks runs over guests in each runtime.
import "../../support/use_guests.ts";
import "../../locks/explain_test.ts";
import "../../locks/holders_test.ts";
import "../../locks/if_available_test.ts";
import "../../locks/lock_manager_types_test.ts";
import "../../locks/lock_test.ts";
import "../../locks/locks_test.ts";
import "../../locks/options_test.ts";
import "../../locks/permits_test.ts";
import "../../locks/process_locks_test.ts";
import "../../locks/reuse_test.ts";
import "../../locks/shared_test.ts";
import "../../locks/steal_test.ts";
import "../../locks/timeout_test.ts";
import "../../locks/turns_test.ts";
import "../../locks/withdraw_test.ts";
