package import Gateway

// What only a node of a cluster needs: read and checked, so that one file serves every version, and used by none yet.

extension AgentConfiguration {
  /// `[gossip]`
  package struct Gossip: Sendable {
    package struct TLS: Sendable {
      package var identity: Identity
      package var authorities: String?
      package var skipsVerification: Bool
      /// How this node shows who it is to others.
      package var client: Identity?
    }
    package struct Compression: Sendable {
      package var isEnabled: Bool
      /// 1 to 22.
      package var level: Int
      package var dictionaryDirectory: String?
      package var dictionaryFile: String?
    }
    package enum Broadcast: Sendable {
      case gossip
      case plumtree(Plumtree)
    }
    package struct Plumtree: Sendable {
      package var pruneThreshold: Int
      package var optimizationThreshold: Int?
      package var batchesGossip: Bool
      /// Seconds.
      package var pruneThrottle: Int
      /// Percent of the eager peers that are near, in the middle, far: together 100.
      package var eagerRatios: (near: Int, middle: Int, far: Int)
    }

    package var address: BindAddress
    package var externalAddress: BindAddress?
    package var clientAddress: BindAddress
    /// `ip:port`, `host[:port]` or `host:port@dnsip[:port]`.
    package var bootstrap: [String]
    package var isPlaintext: Bool
    package var tls: TLS?
    package var maximumMTU: Int?
    /// Seconds.
    package var idleTimeout: Int
    package var disablesSegmentationOffload: Bool
    package var memberID: UInt16?
    package var compression: Compression
    package var broadcast: Broadcast
  }

  /// `[perf]`: bounds of the queues and of time.
  package struct Performance: Sendable {
    package var applyChannel: Int
    package var changesChannel: Int
    package var emptiesChannel: Int
    package var toSendChannel: Int
    package var notificationsChannel: Int
    package var scheduleChannel: Int
    package var clearBufferChannel: Int
    package var broadcastChannel: Int
    package var membershipChannel: Int
    /// MB at which the write-ahead log is cut.
    package var walThreshold: Int
    /// Seconds.
    package var transactionTimeout: Int
    /// Seconds.
    package var leastSyncBackoff: Int
    package var greatestSyncBackoff: Int
    package var partialRetryBackoff: Int
    /// Changes that may wait to be applied.
    package var processingQueue: Int
    /// Milliseconds.
    package var applyQueueTimeout: Int
    package var leastBatch: Int
    package var batchStep: Int
    package var greatestBatch: Int
    /// 0 to 1.
    package var batchThreshold: Double
  }
}
