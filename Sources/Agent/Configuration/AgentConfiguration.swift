package import Gateway

/// How one node runs: what its configuration file, the environment and the command line say together.
///
/// `Documentation/agent.md` lists every key. Paths are as they were written: relative ones begin at the working directory.
package struct AgentConfiguration: Sendable {
  package var database: Database
  package var api: API
  /// nil: the node is alone.
  package var gossip: Gossip?
  package var performance: Performance
  package var admin: Admin
  package var telemetry: Telemetry
  package var log: Log
  package var consul: Consul?
  package var reaper: Reaper
  /// In ascending order of the pools' names.
  package var captures: [Capture]

  /// `[db]`
  package struct Database: Sendable {
    /// The file.
    package var path: String
    /// Files, and directories of files, with the schema.
    package var schemaPaths: [String]
    /// The directory in which live queries keep what they know.
    package var subscriptionsPath: String
    /// As SQLite's `cache_size` takes it: negative for KiB, positive for pages.
    package var cacheSize: Int
  }

  /// `[api]`
  package struct API: Sendable {
    /// Where to listen; at least one, and clients on this machine use the first.
    package var listeners: [BindAddress]
    /// What requests may call the node by.
    package var endpointName: String?
    /// What requests must show. Never to be printed.
    package var bearerToken: String?
    package var postgres: [Postgres]
  }

  /// `[[api.pg]]`
  package struct Postgres: Sendable {
    package var address: BindAddress
    package var isReadOnly: Bool
    package var tls: ServerTLS?
  }

  /// A certificate and its key, files in PEM.
  package struct Identity: Sendable {
    package var certificate: String
    package var key: String
  }

  /// TLS of a listener.
  package struct ServerTLS: Sendable {
    package var identity: Identity
    package var authorities: String?
    package var verifiesClients: Bool
  }

  /// `[admin]`
  package struct Admin: Sendable {
    /// Where the socket is unless told otherwise.
    package static let usualPath = "/var/run/corrosion/admin.sock"
    /// The socket.
    package var path: String
  }

  /// `[log]`
  package struct Log: Sendable {
    package enum Format: String, Sendable, CaseIterable { case plaintext, json }
    package var format: Format
    package var isColored: Bool
  }

  /// `[capture.POOL]`: changes of tables, into a pool.
  package struct Capture: Sendable {
    package enum Origin: String, Sendable, CaseIterable {
      /// Every change.
      case all
      /// Those written on this node.
      case local
      /// Those that came from other nodes.
      case remote
    }
    package enum Tables: Sendable, Equatable {
      case all
      case named([String])
    }
    /// The pool's name.
    package var pool: String
    package var tables: Tables
    package var origin: Origin
    /// Where the pool is; nil for the usual pool directory.
    package var directory: String?
    /// Bytes of the pool's file if it has to be made.
    package var size: UInt64
  }

  /// `[telemetry]`
  package struct Telemetry: Sendable {
    package enum Traces: Sendable, Equatable {
      /// As the variables of OpenTelemetry say.
      case fromEnvironment
      case endpoint(String)
    }
    package var metricsAddress: BindAddress?
    package var traces: Traces?
  }

  /// `[consul.client]`
  package struct Consul: Sendable {
    package var address: String
    package var authorities: String?
    package var identity: Identity?
  }

  /// `[reaper]`
  package struct Reaper: Sendable {
    package struct Table: Sendable {
      package var name: String
      /// Seconds.
      package var retention: UInt64
      /// A condition in SQL over the columns of the primary key.
      package var matchFilter: String?
    }
    package var tables: [Table]
    /// Seconds.
    package var checkInterval: Int
    package var rowLimit: Int
    package var checksOrphanedKeys: Bool
  }
}
