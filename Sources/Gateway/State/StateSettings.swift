package import Documents

/// How the state's API is served. A plain value.
package struct StateSettings: Sendable {
  /// What `x-corrosion-requested-endpoint-name` must say where a request has it; nil for anything.
  package var endpointName: String?
  /// What every request must show; nil for nothing.
  package var bearer: SecretDigest?
  /// Seconds that a query may take where it says nothing else; 0 for any time.
  package var queryTime: Double = 60
  /// Queries that run at the same time; further ones wait.
  package var readers = 20
  /// Requests of one kind whose answers have not begun; further ones are answered 503.
  package var concurrency = 128
  /// The same for table statistics and health.
  package var statusConcurrency = 4

  /// The usual ones.
  package init() {}
}

/// What ends the node: what it can do no more is said here, once.
package typealias StateFailureObserver = @Sendable (Failure) -> Void
