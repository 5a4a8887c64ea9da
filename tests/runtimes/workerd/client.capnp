# A worker that is a client of a cluster, served at the socket "http".
using Workerd = import "/workerd/workerd.capnp";

const config :Workerd.Config = (
  services = [
    (name = "client", worker = .client),
    (name = "members", network = (allow = ["local"])),
  ],
  sockets = [(name = "http", http = (), service = "client")],
);

const client :Workerd.Worker = (
  modules = [(name = "worker.js", esModule = embed "worker.js")],
  compatibilityDate = "2026-11-01",
  globalOutbound = "members",
  bindings = [
    (name = "PEERS", fromEnvironment = "PEERS"),
    (name = "TOKEN_URL", fromEnvironment = "TOKEN_URL"),
    (name = "TRANSPORT", fromEnvironment = "TRANSPORT"),
  ],
);
