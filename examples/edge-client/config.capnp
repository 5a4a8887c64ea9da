# The configuration of workerd: the worker, as a module beside this file, served at the socket "http".
using Workerd = import "/workerd/workerd.capnp";

const config :Workerd.Config = (
  services = [
    (name = "edge", worker = .edge),
    # The members are on this machine; for other machines, allow "public".
    (name = "members", network = (allow = ["local"])),
  ],
  sockets = [(name = "http", http = (), service = "edge")],
);

const edge :Workerd.Worker = (
  modules = [(name = "worker.js", esModule = embed "worker.js")],
  compatibilityDate = "2026-11-01",
  globalOutbound = "members",
  bindings = [
    (name = "SERVERS", fromEnvironment = "SERVERS"),
    (name = "SECRET", fromEnvironment = "SECRET"),
  ],
);
