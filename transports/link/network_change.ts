/** What the global object may have to tell of the network: browsers have both. */
interface NetworkGlobals {
  addEventListener?(type: "online", listener: () => void): void;
  removeEventListener?(type: "online", listener: () => void): void;
  readonly navigator?: { readonly connection?: EventTarget };
}

/**
 * Calls `changed` whenever the platform says that the network has changed: at the event `online` of the global
 * object, and `change` of `navigator.connection`. Returns the function that ends this. Does nothing where the
 * platform does not tell.
 */
export function onNetworkChange(changed: () => void): () => void {
  const globals: NetworkGlobals = globalThis as NetworkGlobals;
  const listener = () => changed();
  const connection = globals.navigator?.connection;
  globals.addEventListener?.("online", listener);
  connection?.addEventListener?.("change", listener);
  return () => {
    globals.removeEventListener?.("online", listener);
    connection?.removeEventListener?.("change", listener);
  };
}
