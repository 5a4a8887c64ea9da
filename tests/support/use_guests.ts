import { nodeKind } from "./node_kind.ts";

// Imported for this effect, before the tests: they run over guests.
nodeKind.areGuests = true;
