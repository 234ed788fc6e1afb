internal import Documents
internal import JSON

/// Why a message is answered with an error of JSON-RPC rather than with a result.
struct Refusal: Error {
  enum Code: Int64 {
    case invalidJSON = -32700
    case invalidRequest = -32600
    case unknownMethod = -32601
    case invalidParameters = -32602
    /// Storage failed outside of a tool, or the client may not do this.
    case storage = -32000
  }

  let code: Code
  let message: String
  /// More about it, as members of an object; only what is known.
  var details: [(String, Report)] = []

  init(_ code: Code, _ message: String, details: [(String, Report)] = []) {
    self.code = code
    self.message = message
    self.details = details
  }

  /// The text is no JSON, or more than may be.
  static func invalidJSON(_ detail: String, offset: Int? = nil) -> Refusal {
    var details: [(String, Report)] = [("detail", .text(detail))]
    if let offset { details.append(("offset", .whole(UInt64(offset)))) }
    return Refusal(.invalidJSON, "invalid JSON", details: details)
  }

  /// What a resource could not be read for.
  init(_ failure: Failure) {
    var details: [(String, Report)] = [("error_kind", .text(failure.kind.name))]
    if let hint = failure.hintSentence { details.append(("hint", .text(hint))) }
    if let path = failure.path { details.append(("path", .text(path))) }
    if let sequence = failure.sequence { details.append(("seq", .whole(sequence))) }
    if let offset = failure.offset { details.append(("offset", .whole(offset))) }
    self.init(.storage, failure.message, details: details)
  }
}

/// The beginning of a client's own words, for errors that repeat them: no longer than may be, and cut between characters.
func repeated(_ text: String) -> String {
  let bytes = text.utf8
  guard bytes.count > MCPLimits.repeatedBytes else { return text }
  var kept = Array(bytes.prefix(MCPLimits.repeatedBytes))
  // What follows a cut inside a character continues it.
  if bytes.dropFirst(kept.count).first.map(continues) == true {
    while let last = kept.last, continues(last) { kept.removeLast() }
    kept.removeLast()
  }
  return String(decoding: kept, as: UTF8.self) + "…"
}

private func continues(_ byte: UInt8) -> Bool { byte & 0xc0 == 0x80 }
