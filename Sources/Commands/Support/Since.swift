internal import Documents

/// A point in time as `--since` takes it.
package enum Since {
  static let hint = "Give an RFC 3339 timestamp such as 2026-11-21T06:00:00Z, or a time ago such as 30s, 5m, 2h or 1d."

  /// Nanoseconds since 1970-01-01 UTC.
  package static func parse(_ text: String, now: UInt64) throws(CommandError) -> UInt64 {
    guard let time = SinceText.nanoseconds(text, now: now) else {
      throw .usage("invalid --since value", hint: hint)
    }
    return time
  }
}
