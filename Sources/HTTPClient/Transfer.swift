internal import CCurl

/// One request of libcurl's, set up and stepped. Freed with the value, or by `end`.
struct Transfer: ~Copyable {
  enum Progress { case goesOn, done }

  private let handle: OpaquePointer

  init(_ client: OpaquePointer, _ receiver: ccurl_receiver) throws(HTTPFailure) {
    var receiver = receiver
    guard let handle = ccurl_transfer_new(client, &receiver) else { throw HTTPFailure(.failed, "out of memory") }
    self.handle = handle
  }

  deinit { ccurl_transfer_free(handle) }

  /// Lets go of everything now.
  consuming func end() {}

  // MARK: Settings

  borrowing func set(_ settings: HTTPClientSettings, for url: String) throws(HTTPFailure) {
    switch settings.trust {
    case .system: break
    case .authorities(let file): try set(CCURL_AUTHORITIES, file)
    case .anyone: try set(CCURL_VERIFY, 0)
    }
    if let key = settings.pinnedKey { try set(CCURL_PINNED_KEY, key) }
    if settings.accepts != nil { try set(CCURL_SHOW_CERTIFICATE, 1) }
    if let identity = settings.identity {
      try set(CCURL_CERTIFICATE, identity.certificate)
      try set(CCURL_PRIVATE_KEY, identity.privateKey)
    }
    if !settings.usesProxies || Self.isOnThisMachine(url) { try set(CCURL_NO_PROXY, "*") }
    if settings.http2AtOnce { try set(CCURL_HTTP2_AT_ONCE, 1) }
    try set(CCURL_CONNECT_MILLISECONDS, Int(clamping: max(1, settings.connectTimeout / 1_000_000)))
  }

  /// The bytes of the body stay where they are until the transfer has ended.
  borrowing func set(_ request: HTTPRequest, body: UnsafeRawBufferPointer?) throws(HTTPFailure) {
    try set(CCURL_URL, request.url)
    if let body {
      var failure = ccurl_failure()
      guard ccurl_transfer_set_body(handle, body.baseAddress, body.count, &failure) else { throw HTTPFailure(failure) }
    }
    if request.method.utf8.elementsEqual("HEAD".utf8) { try set(CCURL_WITHOUT_BODY, 1) }
    try set(CCURL_METHOD, request.method)
    try set(CCURL_REPEATABLE, request.isRepeatable ? 1 : 0)
    // Without these, libcurl would add lines of its own for a body.
    try set(CCURL_HEADER, "Expect:")
    if body != nil, !request.headers.contains(where: { $0.name.utf8.elementsEqual("Content-Type".utf8) }) {
      try set(CCURL_HEADER, "Content-Type:")
    }
    for (name, value) in request.headers {
      // A header without a value is written with a semicolon here; with a colon it would be one to leave out.
      try set(CCURL_HEADER, value.utf8.isEmpty ? "\(name);" : "\(name): \(value)")
    }
  }

  private borrowing func set(_ what: ccurl_text, _ text: String) throws(HTTPFailure) {
    var failure = ccurl_failure()
    guard text.withCString({ ccurl_transfer_set_text(handle, what, $0, &failure) }) else { throw HTTPFailure(failure) }
  }

  private borrowing func set(_ what: ccurl_number, _ number: Int) throws(HTTPFailure) {
    var failure = ccurl_failure()
    guard ccurl_transfer_set_number(handle, what, number, &failure) else { throw HTTPFailure(failure) }
  }

  /// Whether the host is a loopback address, or the name for them.
  static func isOnThisMachine(_ url: String) -> Bool {
    let bytes = Array(url.utf8)
    guard let scheme = bytes.firstIndex(of: UInt8(ascii: ":")) else { return false }
    var host = bytes.dropFirst(scheme + 3).prefix { $0 != UInt8(ascii: "/") && $0 != UInt8(ascii: "?") }
    if let at = host.lastIndex(of: UInt8(ascii: "@")) { host = host[(at + 1)...] }
    if host.first == UInt8(ascii: "[") { return host.starts(with: "[::1]".utf8) }
    let name = host.prefix { $0 != UInt8(ascii: ":") }
    if name.elementsEqual("localhost".utf8) { return true }
    return name.starts(with: "127.".utf8)
      && name.allSatisfy { $0 == UInt8(ascii: ".") || $0 >= UInt8(ascii: "0") && $0 <= UInt8(ascii: "9") }
  }

  // MARK: Running

  /// How many bytes of the body have gone out.
  var sent: Int64 { ccurl_transfer_sent(handle) }

  /// Does what can be done, and waits a while for more.
  borrowing func step(milliseconds: Int32, _ exchange: Exchange) throws(HTTPFailure) -> Progress {
    var failure = ccurl_failure()
    switch ccurl_transfer_step(handle, milliseconds, &failure) {
    case CCURL_GOES_ON: return .goesOn
    case CCURL_DONE: return .done
    default:
      if exchange.isStopped { return .done }
      throw exchange.fault ?? HTTPFailure(failure)
    }
  }
}
