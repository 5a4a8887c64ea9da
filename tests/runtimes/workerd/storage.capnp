# A member of a cluster in a Durable Object with a SQLite database on disk, served at the socket "http".
using Workerd = import "/workerd/workerd.capnp";

const config :Workerd.Config = (
  services = [
    (name = "member", worker = .member),
    (name = "disk", disk = (path = "disk", writable = true, allowDotfiles = true)),
  ],
  sockets = [(name = "http", http = (), service = "member")],
);

const member :Workerd.Worker = (
  modules = [(name = "worker.js", esModule = embed "worker.js")],
  compatibilityDate = "2026-11-01",
  durableObjectNamespaces = [
    (className = "Member", uniqueKey = "member", enableSql = true),
  ],
  durableObjectStorage = (localDisk = "disk"),
  bindings = [(name = "MEMBER", durableObjectNamespace = "Member")],
);
