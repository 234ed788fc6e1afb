internal import CLLHTTP

/// Reads one request after the other from the bytes of a connection, with llhttp. Knows nothing of connections.
final class HTTP1Parser {
  enum Step: Equatable {
    /// All bytes were taken, and the request goes on.
    case incomplete
    /// The request is complete; so many bytes were taken.
    case complete(Int)
    case failed(RequestProblem)
  }

  /// What is known of the request.
  @exclusivity(unchecked) private(set) var parts = RequestParts()
  /// Its body so far.
  @exclusivity(unchecked) private(set) var body: [UInt8] = []
  /// Whether the connection is to go on after it.
  @exclusivity(unchecked) private(set) var keepsAlive = false
  private let limits: HTTPLimits
  private let parser = UnsafeMutablePointer<llhttp_t>.allocate(capacity: 1)
  @exclusivity(unchecked) private var problem: RequestProblem?
  @exclusivity(unchecked) private var name = UnsafeRawBufferPointer(start: nil, count: 0)
  @exclusivity(unchecked) private var value = UnsafeRawBufferPointer(start: nil, count: 0)
  @exclusivity(unchecked) private var readsHead = true
  @exclusivity(unchecked) private var isComplete = false
  /// Bytes of the body as it came, chunks and all, before those that are being read; and where these begin.
  @exclusivity(unchecked) private var taken = 0
  @exclusivity(unchecked) private var reading: UnsafeRawPointer?

  init(_ limits: HTTPLimits) {
    self.limits = limits
    llhttp_init(parser, HTTP_REQUEST, Self.settings)
  }

  deinit { parser.deallocate() }

  /// Begins the next request.
  func reset() {
    llhttp_reset(parser)
    parts = RequestParts()
    body = []
    (problem, readsHead, isComplete, taken) = (nil, true, false, 0)
  }

  /// Reads a whole head, which was found sound by `HTTP1Head`. Complete when there is no body.
  func readHead(_ bytes: UnsafeRawBufferPointer) -> Step {
    parts.reserve(bytes.count)
    switch execute(bytes) {
    case .failed(let problem): return .failed(problem)
    case .incomplete where readsHead: return .failed(.malformed)
    case .incomplete, .complete: break
    }
    if let problem = problemOfHead() { return .failed(problem) }
    return isComplete ? .complete(bytes.count) : .incomplete
  }

  /// Reads more of the body.
  func readBody(_ bytes: UnsafeRawBufferPointer) -> Step {
    reading = bytes.baseAddress
    let step = execute(bytes)
    switch step {
    case .incomplete: taken += bytes.count
    case .complete(let count): taken += count
    case .failed: return step
    }
    return isWordy(upTo: taken) ? .failed(.malformed) : step
  }

  /// Whether too much of a chunked body, of which so many bytes came, is not data: one byte of data takes at least five more;
  /// extensions and trailers have no other bound.
  ///
  /// Asked before data is added and where a read ends: between, only what is not data grows, so that the answer does not depend on
  /// how the body was cut.
  private func isWordy(upTo count: Int) -> Bool { count - body.count > 6 * body.count + limits.headBytes }

  /// Gives the body away.
  func takeBody() -> [UInt8] {
    defer { body = [] }
    return body
  }

  private func execute(_ bytes: UnsafeRawBufferPointer) -> Step {
    guard let start = bytes.baseAddress else { return .incomplete }
    let base = start.assumingMemoryBound(to: CChar.self)
    parser.pointee.data = Unmanaged.passUnretained(self).toOpaque()
    let error = llhttp_execute(parser, base, bytes.count)
    switch error {
    case HPE_OK: return isComplete ? .complete(bytes.count) : .incomplete
    case HPE_PAUSED where isComplete:
      let taken = llhttp_get_error_pos(parser).map { $0 - base } ?? bytes.count
      llhttp_resume(parser)
      return .complete(min(max(0, taken), bytes.count))
    case HPE_INVALID_VERSION: return .failed(.unknownVersion)
    case HPE_INVALID_METHOD: return .failed(.unknownMethod)
    default: return .failed(problem ?? .malformed)
    }
  }

  /// What is wrong with a head whose form is right.
  private func problemOfHead() -> RequestProblem? {
    let encodings = parts.count(of: "transfer-encoding")
    let lengths = parts.count(of: "content-length")
    if encodings > 0 {
      if lengths > 0 || encodings > 1 || parts.version == .http10 { return .malformed }
      guard let encoding = parts.only("transfer-encoding"), FieldWord.isSame(encoding, "chunked") else {
        return .unknownTransfer
      }
    }
    if lengths > 1 { return .malformed }
    let hosts = parts.count(of: "host")
    if hosts > 1 || (hosts == 0 && parts.version == .http11) { return .malformed }
    if lengths == 1, parser.pointee.content_length > UInt64(limits.bodyBytes), !isComplete { return .bodyTooLarge }
    if !parts.settleTarget() { return .malformed }
    return parts.expectation == .unknown ? .unknownExpectation : nil
  }

  // MARK: What llhttp calls

  private func addField() -> Int32 {
    // Fields behind a chunked body are of no use here.
    guard readsHead else { return 0 }
    parts.addField(name, Self.withoutBlanksBehind(value))
    (name, value) = (UnsafeRawBufferPointer(start: nil, count: 0), UnsafeRawBufferPointer(start: nil, count: 0))
    guard parts.fieldCount <= limits.headFields else { return fail(.headTooLarge) }
    return 0
  }

  private func endHead() -> Int32 {
    readsHead = false
    parts.version = parser.pointee.http_major == 1 && parser.pointee.http_minor == 0 ? .http10 : .http11
    if parser.pointee.http_major != 1 { return fail(.unknownVersion) }
    // No protocol is changed here, whatever is asked: what follows is the body.
    parser.pointee.upgrade = 0
    // Some lie about it, so that memory comes with what really comes.
    body.reserveCapacity(Int(min(parser.pointee.content_length, 64 << 10, UInt64(limits.bodyBytes))))
    return 0
  }

  private func add(_ data: UnsafeRawBufferPointer) -> Int32 {
    if let reading, let start = data.baseAddress, isWordy(upTo: taken + (start - reading)) { return fail(.malformed) }
    guard body.count + data.count <= limits.bodyBytes else { return fail(.bodyTooLarge) }
    body.append(contentsOf: data)
    return 0
  }

  private func complete() -> Int32 {
    isComplete = true
    keepsAlive = llhttp_should_keep_alive(parser) != 0
    return Int32(HPE_PAUSED.rawValue)
  }

  private func fail(_ problem: RequestProblem) -> Int32 {
    self.problem = problem
    return Int32(HPE_USER.rawValue)
  }

  private static func reader(_ parser: UnsafeMutablePointer<llhttp_t>?) -> HTTP1Parser? {
    guard let data = parser?.pointee.data else { return nil }
    return Unmanaged<HTTP1Parser>.fromOpaque(data).takeUnretainedValue()
  }

  /// Blanks around a value are none of it (RFC 9110, section 5.5); llhttp leaves out those before it.
  private static func withoutBlanksBehind(_ value: UnsafeRawBufferPointer) -> UnsafeRawBufferPointer {
    var end = value.count
    while end > 0, value[end - 1] == UInt8(ascii: " ") || value[end - 1] == UInt8(ascii: "\t") { end -= 1 }
    return UnsafeRawBufferPointer(rebasing: value[..<end])
  }

  private static func span(_ start: UnsafePointer<CChar>?, _ count: Int) -> UnsafeRawBufferPointer {
    UnsafeRawBufferPointer(start: start, count: count)
  }

  /// Never changed once made, and shared by all parsers.
  nonisolated(unsafe) private static let settings: UnsafeMutablePointer<llhttp_settings_t> = {
    let settings = UnsafeMutablePointer<llhttp_settings_t>.allocate(capacity: 1)
    llhttp_settings_init(settings)
    settings.pointee.on_method = { parser, start, count in
      HTTP1Parser.reader(parser)?.parts.method = Method(HTTP1Parser.span(start, count))
      return 0
    }
    settings.pointee.on_url = { parser, start, count in
      HTTP1Parser.reader(parser)?.parts.setTarget(HTTP1Parser.span(start, count))
      return 0
    }
    // The head is passed in one piece, so that these are whole and stay where they are until it is read.
    settings.pointee.on_header_field = { parser, start, count in
      HTTP1Parser.reader(parser)?.name = HTTP1Parser.span(start, count)
      return 0
    }
    settings.pointee.on_header_value = { parser, start, count in
      HTTP1Parser.reader(parser)?.value = HTTP1Parser.span(start, count)
      return 0
    }
    settings.pointee.on_header_value_complete = { HTTP1Parser.reader($0)?.addField() ?? 0 }
    settings.pointee.on_headers_complete = { HTTP1Parser.reader($0)?.endHead() ?? 0 }
    settings.pointee.on_body = { parser, start, count in
      HTTP1Parser.reader(parser)?.add(HTTP1Parser.span(start, count)) ?? 0
    }
    settings.pointee.on_message_complete = { HTTP1Parser.reader($0)?.complete() ?? 0 }
    return settings
  }()
}
