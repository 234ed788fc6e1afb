package import Pools

extension PoolInfo {
  /// The pool-info object that every interface shows.
  ///
  /// - Parameters:
  ///   - name: as the caller named the pool.
  ///   - path: its file.
  ///   - now: nanoseconds since 1970-01-01 UTC, for the ages.
  ///   - additions: more members, where an interface knows more.
  package func report(name: String, path: String, now: UInt64, additions: [(String, Report)] = []) -> Report {
    .object(
      [
        ("name", .text(name)), ("path", .text(path)), ("bounds", Self.bounds(bounds)),
        ("file_size", .whole(geometry.fileSize)), ("index_capacity", .whole(UInt64(geometry.indexCapacity))),
        ("index_offset", .whole(geometry.indexOffset)), ("index_size_bytes", .whole(geometry.indexBytes)),
        ("ring_offset", .whole(geometry.ringOffset)), ("ring_size", .whole(geometry.ringSize)),
        ("metrics", metrics(now)),
      ] + additions)
  }

  /// `{"oldest":…,"newest":…}`; empty for an empty pool.
  package static func bounds(_ bounds: ClosedRange<UInt64>?) -> Report {
    guard let bounds else { return .object([]) }
    return .object([("oldest", .whole(bounds.lowerBound)), ("newest", .whole(bounds.upperBound))])
  }

  /// Milliseconds from `time` to `now`, both in nanoseconds. A clock that was set back must not make a message younger than now.
  package static func age(of time: UInt64?, at now: UInt64) -> UInt64? {
    time.map { (now > $0 ? now - $0 : 0) / 1_000_000 }
  }

  /// Hundredths of a percent of the ring that are in use.
  package var usedHundredths: UInt64 {
    let (high, low) = usedBytes.multipliedFullWidth(by: 10_000)
    return geometry.ringSize == 0 ? 0 : geometry.ringSize.dividingFullWidth((high, low)).quotient
  }

  private func metrics(_ now: UInt64) -> Report {
    .object([
      ("message_count", .whole(messageCount)), ("seq_span", .whole(messageCount)),
      (
        "utilization",
        .object([
          ("used_bytes", .whole(usedBytes)), ("free_bytes", .whole(freeBytes)),
          ("used_percent", .decimal(Double(usedHundredths) / 100)),
        ])
      ),
      (
        "age",
        .object([
          ("oldest_time", .time(oldestTime)), ("oldest_age_ms", .whole(Self.age(of: oldestTime, at: now))),
          ("newest_time", .time(newestTime)), ("newest_age_ms", .whole(Self.age(of: newestTime, at: now))),
        ])
      ),
    ])
  }
}
