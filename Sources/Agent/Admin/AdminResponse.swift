package import Documents
internal import JSON

/// One frame of a node's answer. `success` or `error` ends it; any number of others may come before.
package enum AdminResponse {
  package enum Level: String, CaseIterable, Sendable { case trace, debug, info, warn, error }

  /// What the node did on the way. `time` is in nanoseconds since 1970-01-01 UTC, 0 for unknown.
  case log(Level, String, time: UInt64)
  case json(Report)
  case success
  case error(String)

  package var isLast: Bool {
    switch self {
    case .success, .error: true
    case .log, .json: false
    }
  }

  /// The frame's content.
  package var json: [UInt8] { report.json }

  private var report: Report {
    switch self {
    case .log(let level, let message, let time):
      .object([
        ("Log", .object([("level", .text(level.rawValue)), ("msg", .text(message)), ("ts", Self.moment(time))]))
      ])
    case .json(let report): .object([("Json", report)])
    case .success: .text("Success")
    case .error(let message): .object([("Error", .object([("msg", .text(message))]))])
    }
  }

  /// What a frame's content says.
  package init(json bytes: [UInt8]) throws(AdminMessageFault) {
    let report: Report
    do throws(JSONError) {
      report = try Report(json: bytes)
    } catch {
      throw AdminMessageFault(message: error.message.text)
    }
    guard let value = TaggedValue(report), let response = Self.response(value) else {
      throw AdminMessageFault(message: "the answer is none that this program knows")
    }
    self = response
  }

  private static func response(_ value: TaggedValue) -> AdminResponse? {
    switch value.name {
    case "Success": .success
    case "Error": value.content?.member("msg")?.text.map { .error($0) }
    case "Json": value.content.map { .json($0) }
    case "Log": value.content.map { log($0) }
    default: nil
    }
  }

  /// The time is not read: nodes write it in several ways.
  private static func log(_ content: Report) -> AdminResponse {
    let level = content.member("level")?.text.flatMap { Level(rawValue: $0) } ?? .info
    return .log(level, content.member("msg")?.text ?? "", time: 0)
  }

  /// Year, day of the year, hour, minute, second, nanosecond, and an offset of three parts, which other programs of the channel
  /// read as a point in time.
  private static func moment(_ nanoseconds: UInt64) -> Report {
    let (seconds, fraction) = nanoseconds.quotientAndRemainder(dividingBy: 1_000_000_000)
    let (days, rest) = seconds.quotientAndRemainder(dividingBy: 86_400)
    let year = Timestamp.date(daysSinceEpoch: Int(days)).year
    let ordinal = Int(days) - Timestamp.days(before: year) + 1
    let parts = [UInt64(year), UInt64(ordinal), rest / 3600, rest % 3600 / 60, rest % 60, fraction, 0, 0, 0]
    return .list(parts.map { .whole($0) })
  }
}

extension Timestamp {
  /// Days from 1970-01-01 to the first day of a year from 1970 on.
  fileprivate static func days(before year: Int) -> Int {
    let past = year - 1
    return (year - 1970) * 365 + (past / 4 - past / 100 + past / 400) - (1969 / 4 - 1969 / 100 + 1969 / 400)
  }
}
