// Runs in Deno alone: real time that is long; the suite of Web Locks runs over guests in each runtime.
import "../../support/use_guests.ts";
import "../../kv/bindings_test.ts";
import "../../kv/bound_to_key_test.ts";
import "../../kv/bound_to_node_test.ts";
import "../../kv/bound_to_pid_test.ts";
import "../../kv/bound_until_test.ts";
import "../../kv/claim_test.ts";
import "../../kv/entries_test.ts";
import "../../kv/examples_test.ts";
import "../../kv/handover_test.ts";
import "../../kv/keys_test.ts";
import "../../kv/limits_test.ts";
import "../../kv/no_quorum_test.ts";
import "../../kv/options_test.ts";
import "../../kv/values_test.ts";
import "../../kv/watch_all_test.ts";
import "../../kv/watch_test.ts";
