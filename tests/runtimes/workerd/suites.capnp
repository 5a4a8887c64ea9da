# A worker that runs the suites, served at the socket "http".
using Workerd = import "/workerd/workerd.capnp";

const config :Workerd.Config = (
  services = [(name = "suites", worker = .suites)],
  sockets = [(name = "http", http = (), service = "suites")],
);

const suites :Workerd.Worker = (
  modules = [(name = "worker.js", esModule = embed "worker.js")],
  compatibilityDate = "2026-11-01",
);
