internal import JSON

/// Something worth knowing that is not an error, on the error stream.
struct Notice {
  enum Kind {
    case drop, ingestSkip, ingestSummary

    var name: String {
      switch self {
      case .drop: "drop"
      case .ingestSkip: "ingest_skip"
      case .ingestSummary: "ingest_summary"
      }
    }
  }

  let kind: Kind
  let command: String
  let message: String
  let pool: String
  let details: [(String, Report)]

  /// - Parameter time: Nanoseconds since 1970-01-01 UTC.
  func report(time: UInt64) -> Report {
    .object([
      (
        "notice",
        .object([
          ("kind", .text(kind.name)), ("cmd", .text(command)), ("message", .text(message)), ("pool", .text(pool)),
          ("time", .time(time)), ("details", .object(details)),
        ])
      )
    ])
  }

  var text: String { kind == .drop ? "notice: \(message) (pool: \(pool))\n" : "notice: \(message)\n" }
}
