internal import HTTP
internal import JSON
internal import Platform
internal import Reactor
internal import SQLite
internal import State
internal import Synchronization

/// Lets so many queries have a reader; the others wait in line, without a thread.
final class ReaderQueue: @unchecked Sendable {
  private let limit: Int
  private let lock: Lock
  // Guarded by `lock`.
  @exclusivity(unchecked) private var active = 0
  @exclusivity(unchecked) private var waiting: [QueryRun] = []

  init(limit: Int) throws(SystemError) {
    self.limit = max(1, limit)
    lock = try Lock()
  }

  /// Has the query begin, now or when others are through; whether that is now.
  func enter(_ run: QueryRun) -> Bool {
    lock.lock()
    let mayBegin = active < limit
    if mayBegin { active += 1 } else { waiting.append(run) }
    lock.unlock()
    if mayBegin { run.resume() }
    return mayBegin
  }

  /// Takes a query out of the line that waited too long; false if it has begun.
  func leave(waiting run: QueryRun) -> Bool {
    lock.lock()
    defer { lock.unlock() }
    guard let place = waiting.firstIndex(where: { $0 === run }) else { return false }
    waiting.remove(at: place)
    return true
  }

  /// Called once by each query that began.
  func leave() {
    lock.lock()
    let next = waiting.isEmpty ? nil : waiting.removeFirst()
    if next == nil { active -= 1 }
    lock.unlock()
    next?.resume()
  }
}

/// One query, whose rows are sent as they come.
///
///     waiting for a reader --a worker has it--> running --the client takes no more--> full --drained--> running
///
/// It is over when all rows are sent, when it fails or its time is up, or when the client goes.
final class QueryRun: ExchangeObserver, @unchecked Sendable {
  private enum State { case waiting, running, full }

  /// Bytes of rows that are sent together.
  private static let pieceBytes = 64 << 10
  /// Nanoseconds that rows may wait for others.
  private static let flushTime: Int64 = 10_000_000
  /// Nanoseconds that it waits for a reader when its turn has come.
  static let readerTime: Int64 = 30_000_000_000

  private let call: StateCall
  private let request: StatementRequest
  private let deadline: Deadline
  private var pass: Turnstile.Pass?
  private let isGone = Atomic<Bool>(false)
  private let lock: Lock
  // Guarded by `lock`.
  @exclusivity(unchecked) private var state = State.waiting
  /// Room was made while a worker still was at it.
  @exclusivity(unchecked) private var wasDrained = false
  // Of the worker that runs it.
  private var reader: LentReader?
  private var statement: Statement?
  private var columns = 0
  private var rows: UInt64 = 0
  private var began: Int64 = 0
  private var text = ByteWriter(capacity: pieceBytes + (4 << 10))
  private var lastFlush: Int64 = 0
  /// Whether the client took nothing of the last piece.
  private var isBlocked = false

  init(
    _ call: StateCall, _ request: StatementRequest, until deadline: Deadline, _ pass: Turnstile.Pass
  ) throws(SystemError) {
    self.call = call
    self.request = request
    self.deadline = deadline
    self.pass = pass
    lock = try Lock()
    super.init()
  }

  /// Says that its turn did not come. Loop only.
  func endWaiting() {
    pass = nil
    call.fail(500, "interrupted: all readers were in use for as long as the query may take")
  }

  /// Has a worker go on with it.
  func resume() {
    let isTaken = call.gateway.workers.submit(ignoringLimit: true) { [self] _ in work() }
    // The workers are stopped: so are all connections.
    if !isTaken { call.exchange.abort() }
  }

  // MARK: Loop

  override func drained() {
    lock.lock()
    let wasFull = state == .full
    if wasFull { state = .running } else { wasDrained = true }
    lock.unlock()
    if wasFull { resume() }
  }

  override func ended() {
    isGone.store(true, ordering: .relaxed)
    lock.lock()
    let wasFull = state == .full
    if wasFull { state = .running }
    lock.unlock()
    if wasFull { resume() }
  }

  // MARK: Worker

  private func work() {
    call.gateway.workers.expectWait()
    lock.lock()
    let isFirst = state == .waiting
    if isFirst { state = .running }
    lock.unlock()
    if isFirst {
      let isBegun = !isGone.load(ordering: .relaxed) && begin()
      pass = nil
      guard isBegun else { return release() }
    }
    if statement != nil { pump() } else { sendRest() }
  }

  /// Prepares the statement and begins the answer; false if the answer is given already.
  private func begin() -> Bool {
    began = Clock.monotonic()
    do throws(StateError) {
      let reader = try call.gateway.store.lendReader(until: .after(nanoseconds: Self.readerTime))
      self.reader = reader
      reader.connection.onProgress(every: 8192) { [self] in goesOn() }
      statement = try prepare(on: reader.connection)
    } catch {
      call.fail(error)
      return false
    }
    do throws(SQLiteError) { if let statement { try request.parameters.bind(to: statement) } } catch {
      // As the reference has it: 500, though it is the request's fault.
      call.fail(500, StateError(error).sentence)
      return false
    }
    var head = ResponseHead(200)
    head.add("cache-control", "no-store")
    call.exchange.begin(head)
    writeColumns()
    lastFlush = Clock.monotonic()
    return true
  }

  private func prepare(on connection: Connection) throws(StateError) -> Statement {
    let statement: Statement
    do throws(SQLiteError) { statement = try connection.prepare(request.sql, isKept: false) } catch {
      throw StateError(.sql, error.message)
    }
    guard statement.isReadOnly else { throw StateError(.sql, "statement is not readonly") }
    guard statement.columnCount > 0 else { throw StateError(.sql, "the statement gives no rows") }
    return statement
  }

  private func writeColumns() {
    guard let statement else { return }
    columns = statement.columnCount
    text.append("{\"columns\":[")
    for index in 0..<columns {
      if index > 0 { text.append(UInt8(ascii: ",")) }
      text.appendQuoted(statement.columnName(index))
    }
    text.append("]}\n")
  }

  /// Whether SQLite is to go on. What waited too long is sent meanwhile.
  private func goesOn() -> Bool {
    if isGone.load(ordering: .relaxed) { return false }
    let now = Clock.monotonic()
    if deadline != .never, now >= deadline.nanoseconds { return false }
    if text.count > 0, !isBlocked, now - lastFlush > Self.flushTime { flush(now) }
    return true
  }

  /// Sends rows until there are no more, or the client takes no more.
  private func pump() {
    repeat {
      do throws(SQLiteError) {
        guard try fillPiece() else {
          writeEnd()
          return finish()
        }
      } catch {
        writeFailure(error)
        return finish()
      }
      isBlocked = false
      flush(Clock.monotonic())
    } while !isBlocked || !waitsForRoom()
  }

  /// False at the end of the rows.
  private func fillPiece() throws(SQLiteError) -> Bool {
    guard let statement else { return false }
    while text.count < Self.pieceBytes {
      guard try statement.step() else { return false }
      append(statement)
      if rows & 15 == 0, !goesOn() { throw SQLiteError(.interrupted, "interrupted") }
    }
    return true
  }

  private func append(_ row: Statement) {
    rows += 1
    text.append("{\"row\":[")
    text.appendDecimal(rows)
    text.append(UInt8(ascii: ","))
    text.append(cellsOf: row, count: columns)
    text.append("]}\n")
  }

  /// Sends what there is, as far as the client takes it.
  private func flush(_ now: Int64) {
    lastFlush = now
    switch call.exchange.write(text.withUnsafeBytes { StreamPiece($0) }) {
    case .taken:
      text.removeAll()
      text.shrink(above: 1 << 20)
    case .full: isBlocked = true
    case .closed:
      text.removeAll()
      isGone.store(true, ordering: .relaxed)
    }
  }

  /// Whether the query is to wait until there is room; false if that came already, or it is over.
  private func waitsForRoom() -> Bool {
    lock.lock()
    defer { lock.unlock() }
    if wasDrained || isGone.load(ordering: .relaxed) {
      wasDrained = false
      return false
    }
    state = .full
    return true
  }

  private func writeEnd() {
    text.append("{\"eoq\":{\"time\":")
    text.append(seconds: Clock.monotonic() - began)
    text.append("}}\n")
  }

  private func writeFailure(_ error: SQLiteError) {
    if isGone.load(ordering: .relaxed) { return }
    let isLate = deadline.hasPassed
    text.append(error: isLate ? "interrupted: the query took longer than its timeout allows" : error.message)
    text.append(UInt8(ascii: "\n"))
    if !isLate { call.gateway.note(StateError(error)) }
  }

  /// Gives the reader back, and sends what is left.
  private func finish() {
    release()
    sendRest()
  }

  private func release() {
    statement = nil
    reader?.connection.onProgress(nil)
    reader = nil
    call.gateway.readers.leave()
  }

  /// The last piece may have to wait for room too.
  private func sendRest() {
    repeat {
      isBlocked = false
      if text.count > 0 { flush(Clock.monotonic()) }
    } while isBlocked && !waitsForRoom()
    if !isBlocked { call.exchange.finish() }
  }
}

extension StateCall {
  /// `POST /v1/queries`. Loop only.
  func queries(_ pass: Turnstile.Pass) {
    guard let parameters = parameters(["timeout"]),
      let deadline = deadline(parameters[0], standard: gateway.settings.queryTime)
    else { return }
    let statement: StatementRequest
    do throws(StatementRequest.Fault) { statement = try StatementRequest.one(request.body) } catch {
      return refuse(error)
    }
    do throws(SystemError) {
      let run = try QueryRun(self, statement, until: deadline, pass)
      exchange.observer = run
      if gateway.readers.enter(run) { return }
      let longest = Deadline.earlier(deadline, .after(nanoseconds: QueryRun.readerTime))
      _ = gateway.loop.schedule(at: longest.nanoseconds) { [gateway] in
        if gateway.readers.leave(waiting: run) { run.endWaiting() }
      }
    } catch {
      fail(500, error.message)
    }
  }
}
