internal import Documents
internal import HTTP
internal import Pools

/// What a tail is asked for, as its query says (reference, section 5.3).
struct TailQuery {
  /// The first sequence wanted; nil for the oldest that is retained.
  var start: UInt64?
  /// Messages wanted; nil for all.
  var limit: UInt64?
  /// Milliseconds after which the stream ends.
  var timeout: UInt64
  var gapPolicy = GapPolicy.continue
  var tags: [String] = []

  init(_ request: Request, _ format: TailFormat, longest: Int) throws(Failure) {
    timeout = UInt64(longest)
    guard let parameters = Target.parameters(request.rawQuery) else {
      throw Failure(.usage, "malformed query", hint: "Percent-encode what stands in the query.")
    }
    for (name, value) in parameters { try take(name, value, format, longest: UInt64(longest)) }
    // Browsers say by this field where a stream of events broke off.
    if format == .events, start == nil, let last = request.headerBytes("last-event-id"),
      let sequence = UInt64(decimal: last)
    {
      start = sequence == .max ? sequence : sequence + 1
    }
  }

  private mutating func take(
    _ name: String, _ value: String, _ format: TailFormat, longest: UInt64
  ) throws(Failure) {
    if isSame(name, "since_seq") {
      start = try number(name, value)
    } else if isSame(name, "max") {
      limit = try number(name, value)
    } else if isSame(name, "timeout_ms") {
      timeout = try number(name, value)
      guard timeout <= longest else {
        throw Failure(.usage, "tail timeout exceeds server limit", hint: "Ask for at most timeout_ms=\(longest).")
      }
    } else if isSame(name, "gap_policy") {
      gapPolicy = try policy(value, format)
    } else if isSame(name, "tag") {
      let tag = trimmed(value)
      if !tag.utf8.isEmpty { tags.append(tag) }
      guard tags.count <= 64 else { throw Failure(.usage, "too many tags", hint: "Ask for at most 64.") }
    }
  }

  private func policy(_ value: String, _ format: TailFormat) throws(Failure) -> GapPolicy {
    if isSame(value, "continue") { return .continue }
    guard isSame(value, "error"), format != .documents else {
      throw Failure(
        .usage, "invalid tail gap policy",
        hint: format == .documents
          ? "A stream of documents can only go on: gap_policy=continue."
          : "Write gap_policy=continue or gap_policy=error.")
    }
    return .error
  }

  private func number(_ name: String, _ value: String) throws(Failure) -> UInt64 {
    guard let number = UInt64(decimal: value.utf8) else {
      throw Failure(.usage, "invalid query parameter \(name)", hint: "It is a whole number from 0 to 2^64 - 1.")
    }
    return number
  }

  private func isSame(_ text: String, _ word: StaticString) -> Bool {
    word.withUTF8Buffer { text.utf8.elementsEqual($0) }
  }

  private func trimmed(_ text: String) -> String {
    var bytes = Array(text.utf8)[...]
    while let first = bytes.first, first <= 0x20 { bytes = bytes.dropFirst() }
    while let last = bytes.last, last <= 0x20 { bytes = bytes.dropLast() }
    return String(decoding: bytes, as: UTF8.self)
  }
}
