# A worker that is a guest of a cluster, served at the socket "http".
using Workerd = import "/workerd/workerd.capnp";

const config :Workerd.Config = (
  services = [
    (name = "guest", worker = .guest),
    (name = "members", network = (allow = ["local"])),
  ],
  sockets = [(name = "http", http = (), service = "guest")],
);

const guest :Workerd.Worker = (
  modules = [(name = "worker.js", esModule = embed "worker.js")],
  compatibilityDate = "2026-11-01",
  globalOutbound = "members",
  bindings = [
    (name = "SERVERS", fromEnvironment = "SERVERS"),
    (name = "TOKEN_URL", fromEnvironment = "TOKEN_URL"),
  ],
);
