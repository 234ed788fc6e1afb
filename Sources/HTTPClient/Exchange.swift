internal import CCurl
internal import Platform

/// What becomes of one request: the other side of libcurl's callbacks. Used by the thread that performs it.
final class Exchange {
  private let accepts: (@Sendable ([UInt8]) -> Bool)?
  private var collector: HTTPHeadCollector
  /// The caller's; forgotten as soon as the request is over.
  var onHead: ((HTTPHead) -> Bool)?
  var onBody: ((RawSpan) -> Bool)?

  /// Why we ended it, if we did.
  private(set) var fault: HTTPFailure?
  /// The caller wants no more.
  private(set) var isStopped = false
  /// A connection was ready, and so a part of the request may have gone out.
  private(set) var wasSent = false
  /// The certificate was refused: the connection must not be used again.
  private(set) var hasRefusedCertificate = false
  /// When something last came, in nanoseconds of the monotonic clock.
  private(set) var activity = Clock.monotonic()

  var head: HTTPHead? { collector.isComplete ? collector.head : nil }

  init(_ settings: HTTPClientSettings) {
    accepts = settings.accepts
    collector = HTTPHeadCollector(limit: settings.headLimit)
  }

  func noteActivity() { activity = Clock.monotonic() }

  /// The callbacks with this exchange as their context, which does not keep it alive.
  var receiver: ccurl_receiver {
    var receiver = ccurl_receiver()
    receiver.context = Unmanaged.passUnretained(self).toOpaque()
    receiver.connected = { context, isNew, certificate, count in
      Exchange.of(context)?.connected(isNew, UnsafeRawBufferPointer(start: certificate, count: count)) ?? false
    }
    receiver.header = { context, line, count in
      Exchange.of(context)?.header(UnsafeRawBufferPointer(start: line, count: count)) ?? false
    }
    receiver.body = { context, bytes, count in
      Exchange.of(context)?.body(UnsafeRawBufferPointer(start: bytes, count: count)) ?? false
    }
    return receiver
  }

  private static func of(_ context: UnsafeMutableRawPointer?) -> Exchange? {
    context.map { Unmanaged<Exchange>.fromOpaque($0).takeUnretainedValue() }
  }

  // MARK: Callbacks

  private func connected(_ isNew: Bool, _ certificate: UnsafeRawBufferPointer) -> Bool {
    noteActivity()
    // A kept connection passed when it was made: one that does not pass is never kept.
    if let accepts, isNew {
      guard let certificate = PEM.certificate(certificate), accepts(certificate) else {
        hasRefusedCertificate = true
        return fail(
          HTTPFailure(
            .tls, "the server's certificate is not the pinned one",
            hint: "Ask who runs the server for the fingerprint of its certificate."))
      }
    }
    wasSent = true
    return true
  }

  private func header(_ line: UnsafeRawBufferPointer) -> Bool {
    noteActivity()
    switch collector.take(line) {
    case .more: return true
    case .tooLarge: return fail(HTTPFailure(.tooLarge, "the head of the server's answer is too large"))
    case .malformed: return fail(HTTPFailure(.protocol, "the server's answer is not HTTP"))
    case .complete:
      if onHead?(collector.head) != false { return true }
      isStopped = true
      return false
    }
  }

  private func body(_ bytes: UnsafeRawBufferPointer) -> Bool {
    let goesOn = onBody?(RawSpan(_unsafeBytes: bytes)) != false
    // Also what the caller took for it is no silence of the server's.
    noteActivity()
    if goesOn { return true }
    isStopped = true
    return false
  }

  private func fail(_ failure: HTTPFailure) -> Bool {
    fault = failure
    return false
  }
}
