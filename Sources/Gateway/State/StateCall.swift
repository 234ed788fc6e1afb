internal import Documents
internal import HTTP
internal import JSON
internal import Platform
internal import State

/// A request of the state's API on its way, and how it is answered. Any thread, one at a time.
struct StateCall: Sendable {
  let gateway: StateGateway
  let exchange: Exchange

  var request: Request { exchange.request }

  // MARK: Answers

  /// Answers with plain text; with nothing if that is empty.
  func text(_ status: UInt16, _ text: String, _ addFields: (inout ResponseHead) -> Void = { _ in }) {
    var head = ResponseHead(status)
    if !text.utf8.isEmpty { head.add("content-type", "text/plain; charset=utf-8") }
    addFields(&head)
    exchange.respond(head, Array(text.utf8))
  }

  /// Answers with JSON.
  func json(_ status: UInt16, _ text: borrowing ByteWriter) {
    var head = ResponseHead(status)
    head.add("content-type", MediaType.json)
    text.withUnsafeBytes { exchange.respond(head, $0) }
  }

  /// Answers with `{"error":…}`.
  func fail(_ status: UInt16, _ message: String) {
    var text = ByteWriter(capacity: 256)
    text.append(error: message)
    json(status, text)
  }

  /// Answers with the failure of a query or subscription.
  func fail(_ error: StateError) {
    gateway.note(error)
    // What is wrong with a request is said in the reference's words alone, which clients may look for.
    error.isOfRequest ? fail(400, error.message) : fail(500, error.sentence)
  }

  // MARK: Before the route

  /// Whether the request means this endpoint.
  func passesName() -> Bool {
    guard let name = gateway.settings.endpointName,
      let wanted = request.headerBytes("x-corrosion-requested-endpoint-name")
    else { return true }
    guard wanted.allSatisfy({ $0 >= 0x20 && $0 < 0x7f || $0 == 0x09 }) else {
      text(400, "x-corrosion-requested-endpoint-name is no text")
      return false
    }
    if wanted.elementsEqual(name.utf8) { return true }
    text(421, "this endpoint has another name")
    return false
  }

  /// Whether the request shows the token, where one is asked for.
  func passesBearer() -> Bool {
    guard let token = gateway.settings.bearer else { return true }
    if request.headerCount("authorization") == 1, let value = request.headerBytes("authorization"), value.count > 7,
      value.count <= AccessToken.longest + 7, FieldWord.isSame(value.prefix(7), "bearer "),
      token.matches(SecretDigest(of: value.dropFirst(7)))
    {
      return true
    }
    text(401, "")
    return false
  }

  /// Whether it is no web page that reached a listener for this machine by a name of its own.
  func passesBrowser() -> Bool {
    guard gateway.settings.bearer == nil, request.peer.listener.isLoopback, request.headerCount("origin") > 0 else {
      return true
    }
    let host = request.header("host").flatMap { Authority(Substring($0).utf8) }
    if let host, host.isLoopback { return true }
    text(403, "web pages may call this listener by the name localhost or its address only")
    return false
  }

  /// Whether the content type is JSON.
  var hasJSONBody: Bool {
    guard let type = request.headerBytes("content-type") else { return false }
    if MediaType.isSame(type, MediaType.json) { return true }
    // application/*+json
    let end = type.firstIndex { $0 == UInt8(ascii: ";") || $0 == 0x20 || $0 == 0x09 } ?? type.endIndex
    let essence = type[..<end]
    return essence.count > 17 && FieldWord.isSame(essence.prefix(12), "application/")
      && FieldWord.isSame(essence.suffix(5), "+json")
  }

  func refuseContentType() { text(415, "the body must be JSON: send content-type: application/json") }

  func refuse(_ fault: StateRoute.Fault) {
    switch fault {
    case .unknown: text(404, "")
    case .path: text(400, "the path is not UTF-8, or badly encoded")
    case .method(let allowed): text(405, "") { $0.add("allow", allowed) }
    }
  }

  func refuse(_ fault: StatementRequest.Fault) {
    switch fault {
    case .malformed(let error):
      text(400, error.message.text + (error.line.map { " on line \($0)" } ?? ""))
    case .shape(let message): text(422, message.text)
    }
  }

  // MARK: The query of the target

  /// The parameters of the target; nil, and the request is answered, if they cannot be read.
  func parameters(_ known: [StaticString]) -> [String?]? {
    guard let all = Target.parameters(request.rawQuery) else {
      text(400, "the query string is badly encoded")
      return nil
    }
    return known.map { name in all.last { $0.name.utf8.elementsEqual(name.text.utf8) }?.value }
  }

  /// The number of seconds that `timeout` allows; nil, and the request is answered, if it is no number.
  ///
  /// - Parameter standard: where it is not given; 0 for any time.
  func deadline(_ text: String?, standard: Double) -> Deadline? {
    var seconds = standard
    if let text {
      guard let number = Double(text), number >= 0, number.isFinite else {
        self.text(400, "timeout must be a number of seconds")
        return nil
      }
      seconds = number
    }
    if seconds == 0 { return .never }
    return .after(nanoseconds: seconds > 9e9 ? .max : Int64(seconds * 1e9))
  }
}

extension ByteWriter {
  /// Appends `{"error":…}` without the end of a line.
  mutating func append(error message: String) {
    append("{\"error\":")
    appendQuoted(message)
    append("}")
  }

  /// Appends a span of nanoseconds in seconds.
  mutating func append(seconds nanoseconds: Int64) { _ = appendDecimal(Double(max(0, nanoseconds)) / 1e9) }
}

extension StateError {
  /// Whether the database can be used no more. A request that wants more memory than there is says nothing about it.
  var endsNode: Bool {
    switch kind {
    case .full, .readOnly, .corrupt: true
    case .io: sqliteCode.map { $0 & 0xff == Self.diskFailed } ?? false
    default: false
    }
  }

  /// The library's primary code for a file that cannot be read or written.
  private static let diskFailed: Int32 = 10

  /// Whether the request itself is wrong.
  var isOfRequest: Bool {
    switch kind {
    case .usage, .sql, .schema, .unknownTable, .unknownColumn, .constraint, .malformed: true
    case .foreignWriter, .busy, .interrupted, .full, .readOnly, .corrupt, .io: false
    }
  }

  /// What is wrong, and what to do about it.
  var sentence: String { hint.map { "\(message); \($0)" } ?? message }
}
