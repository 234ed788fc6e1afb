import HTTP
import Platform
import Reactor
import Support
import Synchronization

/// Answers in all the ways that there are, as the path says, and keeps count.
///
///     /echo            what was asked
///     /later?ms=       the same, from another thread and after a while
///     /hold            nothing, until the test answers what is in `held`
///     /bytes?size=     so many bytes, as a whole
///     /stream?count=&size=&thread=    pieces, from the loop or from a thread
///     /endless         pieces until the peer is gone
///     /abort           one piece, and then no end
///     /status?code=    a status and no body
///     /field           the values of host and cookie
final class ProbeHandler: RequestHandler, @unchecked Sendable {
  struct Counts {
    /// Requests that came, and those whose end was told.
    var handled = 0
    var answered = 0
    /// How often an end was told that had been told before.
    var toldTwice = 0
    var held: [Exchange] = []
    /// Streams that are not over.
    var streams = 0
    /// Writes that were refused because too much waited, and how often there was room again.
    var refusals = 0
    var drained = 0
    var bytes: UInt64 = 0
    fileprivate var told: [ObjectIdentifier: Request] = [:]
  }

  private let state = Mutex(Counts())
  private let workers: Workers

  init(threads: Int = 4) throws {
    workers = try Workers(threads: threads, limit: 100_000)
    super.init()
  }

  deinit { workers.stop() }

  var counts: Counts { state.withLock { $0 } }

  func change(_ body: (inout Counts) -> Void) { state.withLock { body(&$0) } }

  /// Takes the requests that nobody has answered.
  func takeHeld() -> [Exchange] {
    state.withLock { counts in
      defer { counts.held = [] }
      return counts.held
    }
  }

  override func handle(_ exchange: Exchange) {
    change { $0.handled += 1 }
    let request = exchange.request
    let head = Self.head
    switch request.pathText {
    case "/later":
      let delay = Int64(number("ms", in: request) ?? 0) * 1_000_000
      run {
        // A handler that takes its time.
        let end = Deadline.after(nanoseconds: delay)
        while !end.hasPassed { Thread.yield() }
        exchange.respond(head, Self.echo(request))
      }
    case "/hold": change { $0.held.append(exchange) }
    case "/bytes": exchange.respond(head, Self.bytes(number("size", in: request) ?? 0))
    case "/stream", "/endless":
      let source = Source(
        exchange, self, count: request.pathText == "/endless" ? .max : number("count", in: request) ?? 1,
        size: number("size", in: request) ?? 1000)
      exchange.observer = source
      change { $0.streams += 1 }
      exchange.begin(head)
      if number("thread", in: request) != nil {
        run { source.runOnThread() }
      } else {
        source.run()
      }
    case "/abort":
      exchange.begin(head)
      _ = exchange.write(Self.bytes(100).withUnsafeBytes { StreamPiece($0) })
      exchange.abort()
    case "/status": exchange.respond(ResponseHead(UInt16(number("code", in: request) ?? 200)), [])
    case "/field":
      exchange.respond(head, Array("\(request.header("host") ?? "-") \(request.header("cookie") ?? "-")".utf8))
    default: exchange.respond(head, Self.echo(request))
    }
  }

  private func run(_ job: @escaping @Sendable () -> Void) {
    _ = workers.submit { _ in job() }
    workers.wake()
  }

  override func body(for problem: RequestProblem, _ head: inout ResponseHead) -> [UInt8] {
    Array("\(problem.message)".utf8)
  }

  override func answered(_ request: Request, status: UInt16, bytes: UInt64, nanoseconds: Int64) {
    change {
      $0.answered += 1
      $0.bytes += bytes
      if $0.told.updateValue(request, forKey: ObjectIdentifier(request)) != nil { $0.toldTwice += 1 }
    }
  }

  static func echo(_ request: Request) -> [UInt8] {
    Array("\(request.method.text) \(request.pathText) \(String(decoding: request.rawQuery, as: UTF8.self)) ".utf8)
      + request.body
  }

  private static let head = {
    var head = ResponseHead(200)
    head.add("content-type", "text/plain")
    return head
  }()

  /// Bytes that show where one is missing.
  static func bytes(_ count: Int) -> [UInt8] {
    [UInt8](unsafeUninitializedCapacity: count) { buffer, filled in
      while filled < count {
        let part = min(block.count, count - filled)
        block.withUnsafeBytes {
          UnsafeMutableRawBufferPointer(rebasing: UnsafeMutableRawBufferPointer(buffer)[filled...]).copyMemory(
            from: UnsafeRawBufferPointer(rebasing: $0[..<part]))
        }
        filled += part
      }
    }
  }

  private static let block = (0..<65_521).map { UInt8(truncatingIfNeeded: $0 &* 31 &+ $0 >> 8) & 127 }

  private func number(_ name: String, in request: Request) -> Int? {
    Target.parameters(request.rawQuery)?.first { $0.name == name }.flatMap { Int($0.value) }
  }
}

/// Streams pieces as long as they are taken, and goes on when there is room.
private final class Source: ExchangeObserver, @unchecked Sendable {
  private let exchange: Exchange
  private let handler: ProbeHandler
  private var left: Int
  private let piece: StreamPiece
  /// Given one by one: there is room, or no more use in waiting for some.
  private let news = Atomic<Int>(0)
  private let isThreaded = Atomic<Bool>(false)

  init(_ exchange: Exchange, _ handler: ProbeHandler, count: Int, size: Int) {
    self.exchange = exchange
    self.handler = handler
    left = count
    piece = ProbeHandler.bytes(size).withUnsafeBytes { StreamPiece($0) }
  }

  /// Writes until there is no room or no more; false when there is no more.
  private func fill() -> Bool {
    while left > 0 {
      switch exchange.write(piece) {
      case .taken: left -= 1
      case .closed:
        exchange.abort()
        return false
      case .full:
        handler.change { $0.refusals += 1 }
        return true
      }
    }
    exchange.finish()
    return false
  }

  func run() { _ = fill() }

  func runOnThread() {
    isThreaded.store(true, ordering: .relaxed)
    var seen = 0
    while fill() {
      guard eventually(within: 120, { news.load(ordering: .acquiring) > seen }) else { return }
      seen += 1
    }
  }

  override func drained() {
    handler.change { $0.drained += 1 }
    news.add(1, ordering: .releasing)
    if !isThreaded.load(ordering: .relaxed) { run() }
  }

  override func ended() {
    handler.change { $0.streams -= 1 }
    news.add(1, ordering: .releasing)
    // Whoever is cut off gives up.
    if !isThreaded.load(ordering: .relaxed) { exchange.abort() }
  }
}
