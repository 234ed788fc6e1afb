internal import Arguments
internal import CommandSupport
internal import Documents
internal import JSON

/// How long something is to work, as `--expires` takes it.
enum Lifetime {
  static let hint =
    "Give a time from now such as 12h or 30d, an RFC 3339 timestamp such as 2030-01-31T12:00:00Z, or never."

  /// When it ends, in nanoseconds since 1970-01-01 UTC; nil for never.
  static func end(_ text: String, now: UInt64) throws(CommandError) -> UInt64? {
    if text.hasSameBytes(as: "never") { return nil }
    if let span = SinceText.ago(text) {
      let (end, overflow) = now.addingReportingOverflow(span)
      guard !overflow, span > 0 else { throw .usage("invalid --expires value", hint: hint) }
      return end
    }
    let bytes = Array(text.utf8)
    guard let end = try? Timestamp.nanoseconds(bytes.span.bytes) else {
      throw .usage("invalid --expires value", hint: hint)
    }
    guard end > now else {
      throw .usage("--expires lies in the past", hint: "Give a time to come; check this machine's clock.")
    }
    return end
  }
}
