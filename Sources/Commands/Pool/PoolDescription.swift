internal import Arguments
internal import CommandSupport
internal import Documents
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
    told = nil
  }

  /// All that a server said of it; nil for a pool of this machine.
  private let told: [(String, Report)]?

  /// A pool of another machine.
  init(_ access: RemoteAccess, _ info: RemoteAccess.Info, now: UInt64) {
    name = access.text
    path = info.path
    self.info = info.info
    self.now = now
    told = info.members
  }

  private var geometry: PoolGeometry { info.geometry }

  var report: Report {
    guard let told else { return info.report(name: name, path: path, now: now) }
    // As the user named it; the rest is the server's.
    return .object(told.filter { !$0.0.hasSameBytes(as: "name") } + [("name", .text(name))])
  }

  // MARK: Text

  /// For a terminal.
  var prose: String {
    let index = geometry.indexCapacity == 0 ? "none" : "\(geometry.indexCapacity) slots"
    let ring =
      "\(HumanFormat.size(geometry.ringSize)), \(HumanFormat.percent(hundredths: info.usedHundredths))% used"
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
    let percent = HumanFormat.percent(hundredths: info.usedHundredths)
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

  private func age(_ time: UInt64) -> UInt64? { PoolInfo.age(of: time, at: now) }

  private func moment(_ time: UInt64?) -> String {
    guard let time else { return "-" }
    return "\(timestamp(time / 1_000_000_000 * 1_000_000_000)) (\(HumanFormat.age(milliseconds: age(time))))"
  }
}
