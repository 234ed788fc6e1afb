internal import Documents
internal import JSON

/// What kind of message a client sent.
public enum MCPMessageKind: Sendable {
  /// It is to be answered with a response.
  case request(method: String)
  /// It is not to be answered.
  case notification(method: String)
  /// An answer to a request of ours, which there are none of. It is not to be answered.
  case response
  /// It is none of these, or not JSON: to be answered with an error.
  case invalid
}

/// A message of a client, taken apart. Nothing in it points into its text.
enum ClientMessage {
  case request(RequestID, method: String, Result<Call, Refusal>)
  case notification(method: String, Result<Call, Refusal>)
  case response
  case invalid(RequestID, Refusal)

  /// What the text is, whatever it is.
  init(_ text: RawSpan, parser: inout JSONParser) {
    guard text.byteCount <= MCPLimits.messageBytes else {
      self = .invalid(.null, .invalidJSON("more than \(MCPLimits.messageBytes) bytes"))
      return
    }
    do throws(JSONError) {
      self.init(try parser.parse(text))
    } catch {
      self = .invalid(.null, .invalidJSON(error.message.text, offset: error.offset))
    }
  }

  private init(_ tape: borrowing JSONTape) {
    guard tape.kind(at: tape.root) == .object else {
      self = .invalid(.null, Refusal(.invalidRequest, "request must be a JSON object"))
      return
    }
    let id: RequestID?
    do throws(Refusal) {
      id = try Self.id(tape)
    } catch {
      self = .invalid(.null, error)
      return
    }
    guard let version = tape.member("jsonrpc", of: tape.root) else {
      self = .invalid(id ?? .null, Refusal(.invalidRequest, "missing jsonrpc field"))
      return
    }
    guard let text = tape.text(at: version), text.utf8.elementsEqual("2.0".utf8) else {
      self = .invalid(id ?? .null, Refusal(.invalidRequest, "jsonrpc must be \"2.0\""))
      return
    }
    guard let place = tape.member("method", of: tape.root) else {
      let isResponse =
        id != nil && (tape.member("result", of: tape.root) != nil || tape.member("error", of: tape.root) != nil)
      self = isResponse ? .response : .invalid(id ?? .null, Refusal(.invalidRequest, "missing method field"))
      return
    }
    guard let method = tape.text(at: place) else {
      self = .invalid(id ?? .null, Refusal(.invalidRequest, "method must be a string"))
      return
    }
    let call = Self.call(method, tape)
    self = id.map { .request($0, method: method, call) } ?? .notification(method: method, call)
  }

  var kind: MCPMessageKind {
    switch self {
    case .request(_, let method, _): .request(method: method)
    case .notification(let method, _): .notification(method: method)
    case .response: .response
    case .invalid: .invalid
    }
  }

  private static func id(_ tape: borrowing JSONTape) throws(Refusal) -> RequestID? {
    guard let place = tape.member("id", of: tape.root) else { return nil }
    if let number = tape.unsigned(at: place) { return .whole(number) }
    if let number = tape.signed(at: place) { return .negative(number) }
    if let text = tape.text(at: place) { return .text(text) }
    if tape.kind(at: place) == .null { return .null }
    throw Refusal(.invalidRequest, "id must be a string, an integer or null")
  }

  private static func call(_ method: String, _ tape: borrowing JSONTape) -> Result<Call, Refusal> {
    do throws(Refusal) {
      return .success(try Call(method, tape))
    } catch {
      return .failure(error)
    }
  }
}
