import "../../support/use_guests.ts";
import "../../singletons/deadlock_test.ts";
import "../../singletons/failure_test.ts";
import "../../singletons/refused_test.ts";
