internal import Documents
internal import HTTP
internal import JSON
internal import Platform
internal import Reactor
internal import State
internal import Synchronization

/// Transactions of clients, committed by one thread: all that wait when it looks are one group, in which each succeeds or fails by
/// itself. Any thread.
final class WriteQueue: @unchecked Sendable {
  /// Transactions that one group has at most.
  private static let largestGroup = 128
  /// A transaction of more statements than these is a group of its own, so that others do not wait for it.
  private static let smallTransaction = 64

  private let store: StateStore
  private let lock: Lock
  private let news: Condition
  // Guarded by `lock`.
  @exclusivity(unchecked) private var waiting: [TransactionRequest] = []
  @exclusivity(unchecked) private var isEnding = false
  private var thread: Thread?

  init(_ store: StateStore) throws(SystemError) {
    self.store = store
    lock = try Lock()
    news = try Condition()
  }

  /// Starts the thread.
  func begin(_ gateway: StateGateway) {
    thread = try? Thread { [self] in run() }
  }

  /// Has a transaction done and its request answered; false if no more are taken.
  func submit(_ request: TransactionRequest) -> Bool {
    lock.lock()
    guard !isEnding, thread != nil else {
      lock.unlock()
      return false
    }
    waiting.append(request)
    let isFirst = waiting.count == 1
    lock.unlock()
    if isFirst { news.signal() }
    return true
  }

  /// Commits what waits, and ends the thread.
  func end() {
    lock.lock()
    isEnding = true
    lock.unlock()
    news.broadcast()
    thread = nil
  }

  private func run() {
    while let group = next() {
      let results = store.write(group.map { $0.job })
      for (request, result) in zip(group, results) { request.answer(result) }
    }
  }

  /// The next group; nil when there will be none.
  private func next() -> [TransactionRequest]? {
    lock.lock()
    defer { lock.unlock() }
    while waiting.isEmpty {
      if isEnding { return nil }
      _ = news.wait(lock)
    }
    var count = 0
    while count < min(waiting.count, Self.largestGroup), waiting[count].statements.count <= Self.smallTransaction {
      count += 1
    }
    let group = Array(waiting.prefix(max(1, count)))
    waiting.removeFirst(group.count)
    return group
  }
}

/// One transaction of a client.
final class TransactionRequest: @unchecked Sendable {
  private enum Stage { static let waiting: UInt8 = 0, running: UInt8 = 1, expired: UInt8 = 2 }

  let call: StateCall
  let statements: [StatementRequest]
  private let pass: Turnstile.Pass
  private let time: UInt64
  private let deadline: Deadline
  private let came = Clock.monotonic()
  private let stage = Atomic<UInt8>(Stage.waiting)
  // Of the writing thread.
  private var results: [(rows: Int, nanoseconds: Int64)] = []

  init(_ call: StateCall, _ statements: [StatementRequest], until deadline: Deadline, _ pass: Turnstile.Pass) {
    self.call = call
    self.statements = statements
    self.deadline = deadline
    self.pass = pass
    time = call.gateway.now()
    results.reserveCapacity(statements.count)
  }

  /// The work, which may be done more than once: only the last time counts.
  var job: WriteJob {
    WriteJob(time: time, deadline: deadline) { [self] (transaction) throws(StateError) in
      guard !deadline.hasPassed, leave(to: Stage.running) != Stage.expired else {
        throw StateError(.interrupted, "interrupted")
      }
      results.removeAll(keepingCapacity: true)
      var last = Clock.monotonic()
      for statement in statements {
        let rows = try transaction.run(statement.sql, statement.parameters)
        let now = Clock.monotonic()
        results.append((rows, now - last))
        call.gateway.noteTime(of: statement.sql, now - last)
        last = now
      }
    }
  }

  /// Answers that its turn did not come in time, if it did not.
  func expire() {
    if leave(to: Stage.expired) == Stage.waiting { answer(.failure(StateError(.interrupted, "interrupted"))) }
  }

  /// The stage that it was in; from the first only it goes on to another.
  private func leave(to next: UInt8) -> UInt8 {
    stage.compareExchange(expected: Stage.waiting, desired: next, ordering: .acquiringAndReleasing).original
  }

  /// Only the first answer is given.
  func answer(_ result: Result<WriteOutcome, StateError>) {
    pass.leave()
    switch result {
    case .success(let outcome):
      var text = ByteWriter(capacity: 128 + 64 * results.count)
      text.append("{\"results\":[")
      for (index, result) in results.enumerated() {
        if index > 0 { text.append(UInt8(ascii: ",")) }
        text.append("{\"rows_affected\":")
        text.appendDecimal(Int64(result.rows))
        text.append(",\"time\":")
        text.append(seconds: result.nanoseconds)
        text.append("}")
      }
      text.append("],")
      text.append(endOfTransactionSince: came, version: outcome.version, actor: call.gateway.actor)
      call.json(200, text)
    case .failure(let error):
      call.gateway.note(error)
      call.failTransaction(500, "rusqlite: \(error.message) (actor_id: None, version: None)", since: came)
    }
  }
}

extension StateCall {
  /// `POST /v1/transactions`. Loop only.
  func transactions(_ pass: Turnstile.Pass) {
    guard let parameters = parameters(["timeout"]), let deadline = deadline(parameters[0], standard: 0) else { return }
    let body = request.body
    if body.count <= Self.quickBody { return begin(body, deadline, pass) }
    let isTaken = gateway.workers.submit { _ in begin(body, deadline, pass) }
    if !isTaken { text(503, "max concurrency limit reached") }
  }

  /// Bytes of a body that the loop itself takes apart.
  private static let quickBody = 32 << 10

  private func begin(_ body: [UInt8], _ deadline: Deadline, _ pass: Turnstile.Pass) {
    let statements: [StatementRequest]
    do throws(StatementRequest.Fault) { statements = try StatementRequest.list(body) } catch { return refuse(error) }
    if statements.isEmpty { return failTransaction(400, "at least 1 statement is required", since: nil) }
    let request = TransactionRequest(self, statements, until: deadline, pass)
    guard gateway.writes.submit(request) else { return text(503, "the node is stopping") }
    guard deadline != .never else { return }
    let loop = gateway.loop
    // Any thread: the loop sets the timer.
    loop.submit { _ = loop.schedule(at: deadline.nanoseconds) { request.expire() } }
  }

  /// Answers with the envelope of a transaction that came to nothing.
  ///
  /// - Parameter start: when the request came; nil for no time at all.
  func failTransaction(_ status: UInt16, _ message: String, since start: Int64?) {
    var text = ByteWriter(capacity: 256)
    text.append("{\"results\":[")
    text.append(error: message)
    text.append("],")
    text.append(endOfTransactionSince: start, version: nil, actor: gateway.actor)
    json(status, text)
  }
}

extension ByteWriter {
  mutating func append(endOfTransactionSince start: Int64?, version: UInt64?, actor: String) {
    append("\"time\":")
    append(seconds: start.map { Clock.monotonic() - $0 } ?? 0)
    append(",\"version\":")
    if let version { appendDecimal(version) } else { append("null") }
    append(",\"actor_id\":\"")
    append(string: actor)
    append("\"}")
  }
}
