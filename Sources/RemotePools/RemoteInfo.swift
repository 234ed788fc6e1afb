package import Documents
internal import JSON
package import Pools

/// What a server tells of one of its pools.
package struct RemoteInfo {
  /// All that it said, member by member, with the name it was asked by.
  package var members: [(String, Report)]
  /// The pool's name there.
  package var name: String
  /// The file on its machine; empty if it does not say.
  package var path: String
  /// The same as numbers. What the server left out is 0 or nil.
  package var info: PoolInfo

  /// Reads a pool-info object (reference, section 1.2); nil if it has neither name nor bounds.
  init?(_ tape: borrowing JSONTape, at index: Int) {
    guard let name = tape.member("name", of: index).flatMap({ tape.text(at: $0) }),
      let bounds = tape.member("bounds", of: index), let range = Self.bounds(tape, at: bounds)
    else { return nil }
    self.name = name
    path = tape.member("path", of: index).flatMap { tape.text(at: $0) } ?? ""
    members = []
    if case .object(let all) = Report(tape, at: index) { members = all }
    func number(_ name: StaticString) -> UInt64 { tape.member(name, of: index).flatMap { tape.unsigned(at: $0) } ?? 0 }
    let metrics = tape.member("metrics", of: index) ?? index
    let age = tape.member("age", of: metrics) ?? index
    let utilization = tape.member("utilization", of: metrics) ?? index
    info = PoolInfo(
      geometry: PoolGeometry(
        fileSize: number("file_size"), indexCapacity: UInt32(clamping: number("index_capacity")),
        ringOffset: number("ring_offset"), ringSize: number("ring_size")),
      bounds: range.range, oldestTime: Self.time(tape, "oldest_time", of: age),
      newestTime: Self.time(tape, "newest_time", of: age),
      usedBytes: tape.member("used_bytes", of: utilization).flatMap { tape.unsigned(at: $0) } ?? 0)
  }

  /// An empty object is an empty pool; nil if it is none, or makes no sense.
  private static func bounds(_ tape: borrowing JSONTape, at index: Int) -> (range: ClosedRange<UInt64>?, Void)? {
    guard tape.kind(at: index) == .object else { return nil }
    let oldest = tape.member("oldest", of: index).flatMap { tape.unsigned(at: $0) }
    let newest = tape.member("newest", of: index).flatMap { tape.unsigned(at: $0) }
    guard let oldest, let newest else { return oldest == nil && newest == nil ? (nil, ()) : nil }
    return oldest > 0 && oldest <= newest ? (oldest...newest, ()) : nil
  }

  private static func time(_ tape: borrowing JSONTape, _ name: StaticString, of index: Int) -> UInt64? {
    guard let value = tape.member(name, of: index), tape.kind(at: value) == .string else { return nil }
    return try? Timestamp.nanoseconds(tape.string(at: value))
  }
}

/// A row of a server's list.
package struct RemoteListing {
  /// The pool's name there, and the file on its machine.
  package var name: String
  package var path: String
  /// What it holds, or why that cannot be told.
  package var outcome: Result<RemoteInfo, Failure>
}
