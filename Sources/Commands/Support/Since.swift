internal import Arguments
internal import Documents
internal import JSON

/// A point in time as `--since` takes it.
package enum Since {
  static let hint = "Give an RFC 3339 timestamp such as 2026-11-21T06:00:00Z, or a time ago such as 30s, 5m, 2h or 1d."

  /// Nanoseconds since 1970-01-01 UTC.
  package static func parse(_ text: String, now: UInt64) throws(CommandError) -> UInt64 {
    if let ago = Span.parseAgo(text) { return now > ago ? now - ago : 0 }
    let bytes = Array(text.utf8)
    do throws(Timestamp.Fault) {
      return try Timestamp.nanoseconds(bytes.span.bytes)
    } catch {
      switch error {
      case .malformed: throw .usage("invalid --since value", hint: hint)
      case .tooEarly: return 0
      case .tooLate: return .max
      }
    }
  }
}
