import "../../support/use_guests.ts";
import "../../locks/session_lost_test.ts";
