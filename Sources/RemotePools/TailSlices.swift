internal import Documents
internal import HTTPClient
internal import Platform

/// Requests for messages, one after the other, each from where the last one ended (reference, section 5.3). One thread.
final class TailSlices {
  enum Ending {
    /// The server ended it in good order. `isProgress`: with messages, or about when it was asked to.
    case ended(isProgress: Bool)
    /// Whoever takes wants no more.
    case stopped
    /// `isPassing`: worth another attempt.
    case failed(Failure, isPassing: Bool)
  }

  /// The sequence that comes next; 0 behind the last that there can be.
  private(set) var next: UInt64
  /// Whether the last request brought a message.
  private(set) var hasReceived = false
  /// Whether any did.
  private(set) var hasReceivedAny = false

  private let pool: RemotePool
  private let last: UInt64?
  private var milliseconds = RemoteLimits.sliceMilliseconds
  private var cutter = LineCutter(limit: RemoteLimits.lineBytes)
  private var decoder = MessageDecoder()
  /// How many requests in a row broke off within a message.
  private var brokenLines = 0
  /// How the request ended, if a line said so.
  private var ending: Ending?

  init(_ pool: RemotePool, _ selection: RemoteFollower.Selection) {
    self.pool = pool
    next = selection.start
    last = selection.last
  }

  /// Makes one request, and passes what it brings on.
  ///
  /// - Parameters:
  ///   - answered: The server has begun to answer, and all is well.
  ///   - add: Is given each message, and says whether more are wanted.
  func receive(_ answered: () -> Void, _ add: (RawSpan, UInt64, UInt64) -> Bool) -> Ending {
    guard next != 0 else { return .ended(isProgress: false) }
    hasReceived = false
    ending = nil
    cutter.removeAll()
    let began = Clock.monotonic()
    var refusal: [UInt8] = []
    var isRefused = false
    let head: HTTPHead
    do throws(HTTPFailure) {
      head = try pool.server.follow(request) { head in
        isRefused = head.status != 200
        if !isRefused { answered() }
        return true
      } body: { piece in
        if !isRefused { return take(piece, add) }
        guard refusal.count + piece.byteCount <= RemoteLimits.errorBytes else { return false }
        piece.withUnsafeBytes { refusal.append(contentsOf: $0) }
        return true
      }
    } catch {
      return failed(error)
    }
    if isRefused { return refused(head, refusal) }
    if let ending { return ending }
    if cutter.isWithinLine { return brokeOff("the server ended its answer within a message") }
    brokenLines = 0
    let lasted = Clock.monotonic() - began
    return .ended(isProgress: hasReceived || lasted / 1_000_000 >= Int64(milliseconds / 2))
  }

  private var request: HTTPRequest {
    var request = pool.server.request("GET", pool.path + "/tail?since_seq=\(next)&timeout_ms=\(milliseconds)")
    request.timeout = nil
    request.idleTimeout = Int64(milliseconds) * 1_000_000 + RemoteLimits.sliceGrace
    return request
  }

  // MARK: Lines

  private func take(_ piece: RawSpan, _ add: (RawSpan, UInt64, UInt64) -> Bool) -> Bool {
    // Taken out while it is used: what handles a line looks at other members.
    var cutter = LineCutter(limit: RemoteLimits.lineBytes)
    swap(&cutter, &self.cutter)
    let step = cutter.take(piece) { handle($0, add) }
    swap(&cutter, &self.cutter)
    if step == .tooLong {
      ending = .failed(
        Failure(
          .io, "a message of the server is larger than \(RemoteLimits.lineBytes >> 20) MiB of text",
          hint: "Read it on the server's machine.", address: address, sequence: next), isPassing: false)
    }
    return step == .goOn
  }

  /// False when this ends the request.
  private func handle(_ line: RawSpan, _ add: (RawSpan, UInt64, UInt64) -> Bool) -> Bool {
    switch decoder.decode(line, isWrapped: false, address: address) {
    case .message(let sequence, let time):
      // Received before.
      if sequence < next { return true }
      guard decoder.withDocument({ add($0, sequence, time) }) else {
        ending = .stopped
        return false
      }
      next = sequence &+ 1
      (hasReceived, hasReceivedAny) = (true, true)
      brokenLines = 0
      guard sequence == .max || last.map({ sequence >= $0 }) == true else { return true }
      ending = .ended(isProgress: true)
      return false
    case .failure(let failure):
      ending = .failed(failure, isPassing: Self.passes(failure.kind))
      return false
    case .nonsense(let reason):
      ending = .failed(RemoteServer.unexpected(address, [reason]), isPassing: false)
      return false
    }
  }

  // MARK: Failures

  private var address: String { pool.reference.text }

  private static func passes(_ kind: Failure.Kind) -> Bool { kind == .busy || kind == .internal || kind == .io }

  private func refused(_ head: HTTPHead, _ body: [UInt8]) -> Ending {
    let failure = pool.server.failure(head, body, about: address)
    if failure.kind == .usage, failure.message.utf8.elementsEqual("tail timeout exceeds server limit".utf8),
      milliseconds > RemoteLimits.shortestSlice
    {
      milliseconds = max(RemoteLimits.shortestSlice, min(milliseconds / 2, Self.limit(in: failure.hint) ?? .max))
      return .ended(isProgress: true)
    }
    let isPassing = head.status >= 500 || [408, 423, 429].contains(head.status)
    return .failed(failure, isPassing: isPassing && Self.passes(failure.kind))
  }

  /// The number behind `timeout_ms=` in a hint of ours.
  private static func limit(in hint: String?) -> UInt64? {
    let text = Array((hint ?? "").utf8)
    let label = Array("timeout_ms=".utf8)
    guard text.count > label.count,
      let start = (0..<(text.count - label.count)).first(where: { text[$0...].starts(with: label) })
    else { return nil }
    let digits = text[(start + label.count)...].prefix { $0 >= UInt8(ascii: "0") && $0 <= UInt8(ascii: "9") }
    guard (1...9).contains(digits.count) else { return nil }
    return digits.reduce(0) { $0 * 10 + UInt64($1 - UInt8(ascii: "0")) }
  }

  private func failed(_ error: HTTPFailure) -> Ending {
    switch error.kind {
    case .cancelled: return .stopped
    case .connection, .timeout:
      if cutter.isWithinLine, !hasReceived { return brokeOff(error.detail ?? error.message) }
      return .failed(Failure(error, address: address), isPassing: true)
    case .unavailable, .invalid, .tls, .protocol, .tooLarge, .failed:
      return .failed(Failure(error, address: address), isPassing: false)
    }
  }

  /// Within a message. That happens; again and again with the same one it is no accident.
  private func brokeOff(_ reason: String) -> Ending {
    brokenLines = hasReceived ? 1 : brokenLines + 1
    return .failed(
      Failure(
        .io, "the server broke off within message \(next)", hint: "Look into the server's log.", address: address,
        sequence: next, causes: [reason]), isPassing: brokenLines < RemoteLimits.brokenLines)
  }
}
