internal import Arguments
internal import CommandSupport
internal import JSON
internal import Platform
internal import Pools

/// What is shown of one pool: by `pool info`, and by `pool create` of what it made.
struct PoolDescription {
  /// As the user named it.
  let name: String
  let path: String
  let info: PoolInfo
  /// Nanoseconds since 1970-01-01 UTC.
  let now: UInt64

  init(_ reference: PoolReference, _ pool: Pool, now: UInt64) throws(CommandError) {
    name = reference.text
    path = reference.path
    info = try storing { () throws(PoolError) in try pool.info() }
    self.now = now
  }

  private var geometry: PoolGeometry { info.geometry }

  /// A clock that was set back must not make a message younger than now.
  private func age(_ time: UInt64?) -> UInt64? { time.map { (now > $0 ? now - $0 : 0) / 1_000_000 } }

  private var usedHundredths: UInt64 {
    let (high, low) = info.usedBytes.multipliedFullWidth(by: 10_000)
    return geometry.ringSize == 0 ? 0 : geometry.ringSize.dividingFullWidth((high, low)).quotient
  }

  // MARK: JSON

  var report: Report {
    .object([
      ("name", .text(name)), ("path", .text(path)), ("bounds", Self.bounds(info.bounds)),
      ("file_size", .whole(geometry.fileSize)), ("index_capacity", .whole(UInt64(geometry.indexCapacity))),
      ("index_offset", .whole(geometry.indexOffset)), ("index_size_bytes", .whole(geometry.indexBytes)),
      ("ring_offset", .whole(geometry.ringOffset)), ("ring_size", .whole(geometry.ringSize)), ("metrics", metrics),
    ])
  }

  static func bounds(_ bounds: ClosedRange<UInt64>?) -> Report {
    guard let bounds else { return .object([]) }
    return .object([("oldest", .whole(bounds.lowerBound)), ("newest", .whole(bounds.upperBound))])
  }

  private var metrics: Report {
    .object([
      ("message_count", .whole(info.messageCount)), ("seq_span", .whole(info.messageCount)),
      (
        "utilization",
        .object([
          ("used_bytes", .whole(info.usedBytes)), ("free_bytes", .whole(info.freeBytes)),
          ("used_percent", .decimal(Double(usedHundredths) / 100)),
        ])
      ),
      (
        "age",
        .object([
          ("oldest_time", .time(info.oldestTime)), ("oldest_age_ms", .whole(age(info.oldestTime))),
          ("newest_time", .time(info.newestTime)), ("newest_age_ms", .whole(age(info.newestTime))),
        ])
      ),
    ])
  }

  // MARK: Text

  /// For a terminal.
  var prose: String {
    let index = geometry.indexCapacity == 0 ? "none" : "\(geometry.indexCapacity) slots"
    let ring =
      "\(HumanFormat.size(geometry.ringSize)), \(HumanFormat.percent(hundredths: usedHundredths))% used"
    var rows = [("path", path), ("size", HumanFormat.size(geometry.fileSize))]
    rows.append(
      ("messages", info.bounds.map { "\(info.messageCount) (seq \($0.lowerBound) to \($0.upperBound))" } ?? "0"))
    rows.append(("oldest", moment(info.oldestTime)))
    rows.append(("newest", moment(info.newestTime)))
    rows += [("index", index), ("ring", ring)]
    return name + "\n"
      + rows.map { "  \($0.0):" + String(repeating: " ", count: 9 - $0.0.utf8.count) + "\($0.1)\n" }
      .joinedText("")
  }

  /// For text in a pipe.
  var plain: String {
    let bounds = info.bounds
    let percent = HumanFormat.percent(hundredths: usedHundredths)
    return """
      Pool: \(name)
      Path: \(path)
      Size: \(geometry.fileSize) bytes (index: offset=\(geometry.indexOffset) slots=\(geometry.indexCapacity) \
      bytes=\(geometry.indexBytes), ring: offset=\(geometry.ringOffset) size=\(geometry.ringSize))
      Bounds: oldest=\(number(bounds?.lowerBound)) newest=\(number(bounds?.upperBound)) count=\(info.messageCount)
      Utilization: used=\(info.usedBytes)B free=\(info.freeBytes)B (\(percent)%)
      Oldest: \(moment(info.oldestTime))
      Newest: \(moment(info.newestTime))

      """
  }

  private func number(_ number: UInt64?) -> String { number.map { "\($0)" } ?? "-" }

  private func moment(_ time: UInt64?) -> String {
    guard let time else { return "-" }
    return "\(timestamp(time / 1_000_000_000 * 1_000_000_000)) (\(HumanFormat.age(milliseconds: age(time))))"
  }
}
