/// What is asked of a node over its admin channel.
package enum AdminCommand: Sendable, Equatable {
  package enum Sync: Sendable, Equatable {
    /// What this node has and lacks.
    case generate
    case reconcileGaps
    /// Compare what memory and database say about it.
    case checkBookieConsistency
    /// Apply a version that is complete and waits.
    case processBufferedChanges(actor: String, version: UInt64, chunkSize: UInt64)
  }

  package enum Cluster: Sendable, Equatable {
    case rejoin
    case members
    case membershipStates
    case setID(UInt16)
  }

  package enum Subscriptions: Sendable, Equatable {
    case list
    /// By the hash of the query or by the id; at least one of them.
    case info(hash: String?, id: String?)
  }

  /// Only nodes of ours know them.
  package enum Capture: Sendable, Equatable {
    case list
    /// - Parameters:
    ///   - tables: nil for all.
    ///   - size: bytes of the pool's file if it has to be made; nil for the usual size.
    ///   - snapshot: whether all rows come first, as they are now.
    case add(
      pool: String, directory: String, tables: [String]?, origin: AgentConfiguration.Capture.Origin, size: UInt64?,
      snapshot: Bool)
    case remove(pool: String, directory: String)
  }

  package enum Log: Sendable, Equatable {
    case set(filter: String)
    case reset
  }

  case ping
  /// Read the schema files again and apply them.
  case reload
  /// Take what another program wrote to the tables as this node's own. Only nodes of ours know it.
  case adopt
  case reloadDictionaries
  case sync(Sync)
  case cluster(Cluster)
  /// What is known of a version of an actor, whose id is a UUID as the client wrote it.
  case actorVersion(actor: String, version: UInt64)
  case subscriptions(Subscriptions)
  case capture(Capture)
  case log(Log)
  case plumtreeStatistics
  /// The locks that were held longest, so many.
  case locks(top: UInt64)
}
