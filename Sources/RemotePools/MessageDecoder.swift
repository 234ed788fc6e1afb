internal import Documents
internal import JSON
internal import Lite3

/// Reads messages as servers send them, one JSON object each, into documents as pools store them.
struct MessageDecoder: ~Copyable {
  enum Found {
    /// `withDocument` has it.
    case message(sequence: UInt64, time: UInt64)
    /// The server tells of an error: `{"error":{…}}`.
    case failure(Failure)
    /// Something else; why.
    case nonsense(String)
  }

  private var encoder = Lite3Encoder()

  /// Calls `body` with the document of the last message.
  borrowing func withDocument<Value>(_ body: (RawSpan) -> Value) -> Value { body(encoder.bytes) }

  /// Reads one text.
  ///
  /// - Parameters:
  ///   - isWrapped: It is `{"message":{…}}`.
  ///   - address: What errors name.
  mutating func decode(_ text: RawSpan, isWrapped: Bool, address: String) -> Found {
    var sequence: UInt64?
    var time: UInt64?
    var failure: Failure?
    do throws(Lite3Error) {
      let isMessage = try encoder.encodeMessage(within: text) { tape in
        if let error = tape.member("error", of: tape.root) {
          failure = Failure(told: tape, at: error, address: address)
          return nil
        }
        guard let root = isWrapped ? tape.member("message", of: tape.root) : tape.root else { return nil }
        sequence = tape.member("seq", of: root).flatMap { tape.unsigned(at: $0) }
        time = Self.time(tape, of: root)
        guard let tags = Self.tags(tape, of: root), let data = tape.member("data", of: root) else { return nil }
        return (data, tags)
      }
      if let failure { return .failure(failure) }
      guard isMessage, let sequence, sequence > 0, let time else { return .nonsense("it is no message") }
      return .message(sequence: sequence, time: time)
    } catch {
      return .nonsense(error.message.text)
    }
  }

  private static func time(_ tape: borrowing JSONTape, of root: Int) -> UInt64? {
    guard let index = tape.member("time", of: root), tape.kind(at: index) == .string else { return nil }
    return try? Timestamp.nanoseconds(tape.string(at: index))
  }

  private static func tags(_ tape: borrowing JSONTape, of root: Int) -> [String]? {
    guard let meta = tape.member("meta", of: root), let list = tape.member("tags", of: meta),
      tape.kind(at: list) == .array
    else { return nil }
    var tags: [String] = []
    var areTexts = true
    tape.forEachElement(of: list) { element in
      if let tag = tape.text(at: element) { tags.append(tag) } else { areTexts = false }
    }
    return areTexts ? tags : nil
  }
}

extension JSONParser {
  /// Calls `body` with the parsed text.
  mutating func withTape<Value>(of text: [UInt8], _ body: (borrowing JSONTape) -> Value) throws(JSONError) -> Value {
    let tape = try parse(text.span.bytes)
    return body(tape)
  }
}
