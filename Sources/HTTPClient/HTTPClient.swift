internal import CCurl
internal import Platform

/// Asks HTTP servers, on the caller's thread, and keeps connections from one request to the next.
///
/// It speaks HTTP/1.1, and HTTP/2 where the server does (RFC 9112, RFC 9113), over libcurl, which is loaded when the first client
/// is made. Redirects are answers like others. One thread at a time performs requests; any thread may `cancel`. Writing to a
/// connection that is gone must not end the process: `StopRequests.listen` sees to that.
public final class HTTPClient: @unchecked Sendable {
  private let settings: HTTPClientSettings
  private let lock: Lock
  /// Changed, and woken, under the lock.
  private var handle: OpaquePointer
  private var isCancelled = false

  /// A client without a connection yet.
  ///
  /// - Throws: `.unavailable` where there is no libcurl, `.failed` without memory.
  public init(_ settings: HTTPClientSettings = HTTPClientSettings()) throws(HTTPFailure) {
    if let problem = CurlLibrary.problem { throw problem }
    do throws(SystemError) {
      lock = try Lock()
    } catch {
      throw HTTPFailure(.failed, "out of memory", detail: error.message)
    }
    guard let handle = ccurl_client_new() else { throw HTTPFailure(.failed, "out of memory") }
    self.handle = handle
    self.settings = settings
  }

  deinit { ccurl_client_free(handle) }

  /// Ends the request that is being performed, and every later one, with `.cancelled`. From any thread.
  public func cancel() {
    lock.lock()
    isCancelled = true
    ccurl_client_wake(handle)
    lock.unlock()
  }

  /// Sends a request and passes its answer on as it comes. Both closures may end it early by returning false, which is no failure.
  ///
  /// - Parameters:
  ///   - head: is given the answer's beginning, once, before any of its body.
  ///   - body: is given the rest, piece by piece; none for a request that has none.
  /// - Returns: The answer's head.
  /// - Throws: Whatever went wrong, also when it did so within the body.
  @discardableResult
  public func perform(
    _ request: HTTPRequest, head: (HTTPHead) -> Bool = { _ in true }, body: (RawSpan) -> Bool
  ) throws(HTTPFailure) -> HTTPHead {
    try withoutActuallyEscaping(head) { (head) throws(HTTPFailure) -> HTTPHead in
      try withoutActuallyEscaping(body) { (body) throws(HTTPFailure) -> HTTPHead in
        let exchange = Exchange(settings)
        exchange.onHead = head
        exchange.onBody = body
        defer { (exchange.onHead, exchange.onBody) = (nil, nil) }
        return try perform(request, exchange)
      }
    }
  }

  /// Sends a request and collects its answer.
  ///
  /// - Parameter limit: Bytes that the body may have.
  /// - Throws: `.tooLarge` beyond the limit, and whatever else went wrong.
  public func collect(_ request: HTTPRequest, limit: Int) throws(HTTPFailure) -> HTTPResponse {
    var bytes: [UInt8] = []
    var isTooLarge = false
    let head = try perform(request) { piece in
      isTooLarge = piece.byteCount > limit - bytes.count
      if !isTooLarge { piece.withUnsafeBytes { bytes.append(contentsOf: $0) } }
      return !isTooLarge
    }
    if isTooLarge {
      var failure = HTTPFailure(.tooLarge, "the server's answer is larger than \(limit) bytes")
      failure.wasSent = true
      throw failure
    }
    return HTTPResponse(head: head, body: bytes)
  }

  // MARK: Performing

  private func perform(_ request: HTTPRequest, _ exchange: Exchange) throws(HTTPFailure) -> HTTPHead {
    if let fault = request.fault { throw fault }
    let transfer = try Transfer(handle, exchange.receiver)
    try transfer.set(settings, for: request.url)
    let body = request.body ?? []
    let outcome = body.withUnsafeBytes { bytes -> Result<HTTPHead, HTTPFailure> in
      do throws(HTTPFailure) {
        try transfer.set(request, body: request.body == nil ? nil : bytes)
        try run(transfer, request, exchange)
        guard let head = exchange.head else {
          throw HTTPFailure(.protocol, "the server's answer has no head")
        }
        return .success(head)
      } catch {
        return .failure(error)
      }
    }
    transfer.end()
    if exchange.hasRefusedCertificate { try forgetConnections() }
    return try outcome.mapError { error in
      var error = error
      error.wasSent = exchange.wasSent
      // Its refusal may be overtaken by the end of the connection.
      if error.kind == .connection, exchange.wasSent, exchange.head == nil, request.isSecure, settings.identity == nil {
        error.hint = error.hint ?? "If it goes on: the server may want clients to show a certificate (--tls-cert)."
      }
      return error
    }.get()
  }

  private func run(_ transfer: borrowing Transfer, _ request: HTTPRequest, _ exchange: Exchange) throws(HTTPFailure) {
    let deadline = request.timeout.map { Deadline.after(nanoseconds: $0) } ?? .never
    var sent: Int64 = 0
    while true {
      if wasCancelled { throw HTTPFailure(.cancelled, "the request was cancelled") }
      let now = Clock.monotonic()
      if now >= deadline.nanoseconds { throw HTTPFailure(.timeout, "the answer took too long") }
      let (silence, overflow) = exchange.activity.addingReportingOverflow(max(0, request.idleTimeout))
      if !overflow, now >= silence { throw HTTPFailure(.timeout, "the server went silent") }
      let wait = min(deadline.nanoseconds, overflow ? .max : silence) - now
      // Rounded up, so that the moment has come when the wait is over; and bounded, to see how sending goes on.
      switch try transfer.step(milliseconds: Int32(min(1000, (wait - 1) / 1_000_000 + 1)), exchange) {
      case .done: return
      case .goesOn: break
      }
      if transfer.sent != sent {
        sent = transfer.sent
        exchange.noteActivity()
      }
    }
  }

  private var wasCancelled: Bool {
    lock.lock()
    defer { lock.unlock() }
    return isCancelled
  }

  /// A connection to the wrong server might otherwise be taken for one that passed.
  private func forgetConnections() throws(HTTPFailure) {
    guard let fresh = ccurl_client_new() else { throw HTTPFailure(.failed, "out of memory") }
    lock.lock()
    let stale = handle
    handle = fresh
    lock.unlock()
    ccurl_client_free(stale)
  }
}
