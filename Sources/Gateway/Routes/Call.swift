internal import Documents
internal import HTTP
internal import JSON
internal import Reactor

/// A request on its way through the gateway, and how it is answered. Any thread, one at a time.
struct Call: Sendable {
  let gateway: Gateway
  let exchange: Exchange
  /// What whoever asks may do.
  let grant: Grant
  /// What `Access-Control-Allow-Origin` is to say.
  let corsOrigin: String?

  var request: Request { exchange.request }

  // MARK: Answers

  /// A head with the fields that every answer has.
  func head(_ status: UInt16, _ contentType: StaticString) -> ResponseHead {
    var head = Self.plainHead
    head.status = status
    head.add("content-type", contentType)
    addCORSFields(to: &head)
    return head
  }

  /// The same for JSON.
  func jsonHead(_ status: UInt16) -> ResponseHead {
    var head = Self.plainJSONHead
    head.status = status
    addCORSFields(to: &head)
    return head
  }

  private static let plainHead: ResponseHead = {
    var head = ResponseHead(200)
    head.add("plasmite-version", "0")
    head.add("x-content-type-options", "nosniff")
    return head
  }()

  private static let plainJSONHead: ResponseHead = {
    var head = plainHead
    head.add("content-type", MediaType.json)
    return head
  }()

  private func addCORSFields(to head: inout ResponseHead) {
    guard let corsOrigin else { return }
    head.add("access-control-allow-origin", text: corsOrigin)
    head.add("vary", "origin")
  }

  /// Answers with a document.
  func answer(_ report: Report, status: UInt16 = 200) {
    let json = report.line(.compact)
    json.output.withUnsafeBytes { exchange.respond(jsonHead(status), $0) }
  }

  /// Answers with JSON text that is made already.
  func answer(_ text: borrowing ByteWriter) {
    text.withUnsafeBytes { exchange.respond(jsonHead(200), $0) }
  }

  /// Answers with the envelope of an error.
  ///
  /// - Parameter status: Where it is not the kind's own.
  func fail(_ failure: Failure, status: UInt16? = nil, _ addFields: (inout ResponseHead) -> Void = { _ in }) {
    var failure = failure
    if failure.hint == nil { failure.hint = failure.kind.remoteHint }
    var head = jsonHead(status ?? failure.kind.status)
    addFields(&head)
    let json = failure.envelope.line(.compact)
    json.output.withUnsafeBytes { exchange.respond(head, $0) }
  }

  func refuse(_ refusal: AccessRefusal) {
    fail(refusal.failure, status: refusal.status) { head in
      if let challenge = refusal.challenge { head.add("www-authenticate", text: challenge) }
    }
  }

  /// Answers a preflight.
  func answerPreflight() {
    var head = Self.plainHead
    head.status = 204
    addCORSFields(to: &head)
    if corsOrigin != nil {
      head.add("access-control-allow-methods", "GET, POST, DELETE, OPTIONS")
      head.add(
        "access-control-allow-headers",
        "authorization, content-type, last-event-id, mcp-session-id, mcp-protocol-version, prefer")
      head.add("access-control-max-age", "600")
    }
    head.add("allow", "GET, HEAD, POST, DELETE, OPTIONS")
    exchange.respond(head, [])
  }
}

/// Types of content that the gateway writes and reads.
enum MediaType {
  static let json: StaticString = "application/json"
  static let lines: StaticString = "application/jsonl"
  static let events: StaticString = "text/event-stream"
  static let document: StaticString = "application/x-plasmite-lite3"
  static let documents: StaticString = "application/x-plasmite-lite3-stream"
  static let page: StaticString = "text/html; charset=utf-8"
  static let metrics: StaticString = "text/plain; version=0.0.4; charset=utf-8"

  /// Whether a `content-type` is this type, with whatever parameters.
  static func isSame(_ value: ArraySlice<UInt8>, _ type: StaticString) -> Bool {
    let end = value.firstIndex { $0 == UInt8(ascii: ";") || $0 == 0x20 || $0 == 0x09 } ?? value.endIndex
    return FieldWord.isSame(value[..<end], type)
  }
}

extension Failure.Kind {
  /// The status that says so (reference, section 1.3).
  var status: UInt16 {
    switch self {
    case .internal, .corrupt, .io: 500
    case .usage: 400
    case .notFound: 404
    case .alreadyExists: 409
    case .busy: 423
    case .permission: 403
    case .retentionGap: 410
    case .timedOut: 408
    }
  }

  /// What to do when nothing better is known, from far away.
  var remoteHint: String? {
    switch self {
    case .busy: "Try again in a moment."
    case .corrupt: "Whoever runs the server can look at the pool with `weir doctor`."
    case .io, .internal: "Look into the server's log."
    case .permission, .usage, .notFound, .alreadyExists, .retentionGap, .timedOut: nil
    }
  }
}
