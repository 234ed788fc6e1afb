/// What is known of one site's transactions: up to which, which of them are missing, and which came in part.
///
/// A version that is neither missing nor partial is known: its changes are here, or were overwritten since. Pure.
package struct SiteVersions: Equatable, Sendable {
  /// A transaction of which some places came.
  package struct Partial: Equatable, Sendable {
    /// The places that came.
    package var seqs = RangeSet64()
    package var lastSeq: UInt64
    package var time: UInt64

    /// Whether every place came.
    package var isComplete: Bool { seqs.covers(0...lastSeq) }
    /// The places that are missing.
    package var missing: [ClosedRange<UInt64>] { seqs.gaps(within: 0...lastSeq) }

    package init(lastSeq: UInt64, time: UInt64) {
      self.lastSeq = lastSeq
      self.time = time
    }
  }

  /// The highest version that was heard of; 0 for none.
  package private(set) var head: UInt64 = 0
  /// Versions below it that never came.
  package private(set) var missing = RangeSet64()
  /// Versions that came in part, complete ones that could not be applied yet among them.
  package private(set) var partial: [UInt64: Partial] = [:]

  /// Of a site that nothing is known of.
  package init() {}

  package init(head: UInt64, missing: RangeSet64 = RangeSet64(), partial: [UInt64: Partial] = [:]) {
    self.head = head
    self.missing = missing
    self.partial = partial
  }

  /// Whether there is nothing to learn about a version, or about these places of it.
  package func knows(_ version: UInt64, seqs: ClosedRange<UInt64>? = nil) -> Bool {
    guard version <= head, !missing.contains(version) else { return false }
    guard let partial = partial[version] else { return true }
    guard let seqs else { return false }
    return partial.seqs.covers(seqs)
  }

  /// Versions came, whole or empty, or in part.
  package mutating func heard(of versions: ClosedRange<UInt64>) {
    if versions.lowerBound > head + 1 { missing.insert(head + 1...versions.lowerBound - 1) }
    missing.remove(versions)
    head = max(head, versions.upperBound)
  }

  /// Versions are known from now on.
  package mutating func know(_ versions: ClosedRange<UInt64>) {
    heard(of: versions)
    if !partial.isEmpty {
      for version in partial.keys where versions.contains(version) { partial[version] = nil }
    }
  }

  /// Places of a version came.
  package mutating func received(_ version: UInt64, _ seqs: ClosedRange<UInt64>, lastSeq: UInt64, time: UInt64) {
    heard(of: version...version)
    var known = partial[version] ?? Partial(lastSeq: lastSeq, time: time)
    known.seqs.insert(seqs)
    known.lastSeq = max(known.lastSeq, lastSeq)
    partial[version] = known
  }

  /// The version was applied though others below it may be missing: what a merge without bookkeeping says.
  package mutating func raise(to version: UInt64) { head = max(head, version) }
}
