public import Reactor
internal import Synchronization

/// Is told what becomes of an exchange. Called on the loop.
open class ExchangeObserver: @unchecked Sendable {
  /// For those that derive from it.
  public init() {}

  /// A piece was refused because too much waited, and now half of it is sent.
  open func drained() {}

  /// The exchange is over: answered to the end, or the peer is gone. The last call.
  open func ended() {}
}

/// One request and its answer.
///
/// The answer is either whole (`respond`) or a stream: `begin`, then `write` any number of times, then `finish`. Any thread may
/// answer; one at a time. A peer that goes away makes what follows come to nothing: `write` then says `.closed`. Every exchange
/// must be answered or given up, else its connection waits for ever.
open class Exchange: @unchecked Sendable {
  /// What was asked.
  public let request: Request
  /// Who is told of it. Set it on the loop, before the answer begins; it is let go when the exchange is over.
  public final var observer: ExchangeObserver? {
    didSet { if observer != nil { wasObserved.store(true, ordering: .relaxed) } }
  }
  /// Whether there ever was an observer. Any thread.
  final let wasObserved = Atomic<Bool>(false)

  init(_ request: Request) { self.request = request }

  /// Answers with a whole body, which is left out for HEAD.
  open func respond(_ head: ResponseHead, _ body: UnsafeRawBufferPointer) {}

  /// Begins an answer whose length is not known.
  open func begin(_ head: ResponseHead) {}

  /// Sends a piece of the answer's body. When too much waits, nothing of it is taken, and the observer is told when there is
  /// room again.
  open func write(_ piece: StreamPiece) -> Stream.Sending { .closed }

  /// Ends an answer that was begun.
  open func finish() {}

  /// Gives up: what was begun stays unfinished, and the peer can see that.
  open func abort() {}

  /// Bytes of the answer that wait to be sent.
  open var waitingBytes: Int { 0 }

  /// Answers with these bytes as the body.
  public final func respond(_ head: ResponseHead, _ body: [UInt8]) {
    body.withUnsafeBytes { respond(head, $0) }
  }
}

/// Answers requests.
open class RequestHandler: @unchecked Sendable {
  /// For those that derive from it.
  public init() {}

  /// A request came. Called on the loop; must not block. The answer may come later, from any thread.
  open func handle(_ exchange: Exchange) {}

  /// A request could not be read. Gives the body of the answer and adds its fields to `head`, whose status is set. Called on the
  /// loop.
  open func body(for problem: RequestProblem, _ head: inout ResponseHead) -> [UInt8] { [] }

  /// An answer was given, or given up. Any thread.
  ///
  /// - Parameters:
  ///   - status: Of the answer; 0 if there was none.
  ///   - bytes: Of the body that were handed over to be sent.
  ///   - nanoseconds: Since the request was complete.
  open func answered(_ request: Request, status: UInt16, bytes: UInt64, nanoseconds: Int64) {}
}
