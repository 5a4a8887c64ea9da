# A member of a cluster in a Durable Object, served at the socket "http".
using Workerd = import "/workerd/workerd.capnp";

const config :Workerd.Config = (
  services = [
    (name = "member", worker = .member),
    (name = "peers", network = (allow = ["local"])),
  ],
  sockets = [(name = "http", http = (), service = "member")],
);

const member :Workerd.Worker = (
  modules = [(name = "worker.js", esModule = embed "worker.js")],
  compatibilityDate = "2026-11-01",
  globalOutbound = "peers",
  durableObjectNamespaces = [(className = "Member", uniqueKey = "member")],
  durableObjectStorage = (inMemory = void),
  bindings = [
    (name = "MEMBER", durableObjectNamespace = "Member"),
    (name = "MEMBERS", fromEnvironment = "MEMBERS"),
    (name = "PEERS", fromEnvironment = "PEERS"),
    (name = "SECRET", fromEnvironment = "SECRET"),
    (name = "TRANSPORT", fromEnvironment = "TRANSPORT"),
  ],
);
