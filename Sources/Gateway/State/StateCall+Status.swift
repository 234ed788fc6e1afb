internal import Documents
internal import HTTP
internal import JSON
internal import LiveQueries
internal import Platform
internal import SQLite
internal import State

// Routes about the node itself, and about its schema.

extension StateCall {
  /// `POST /v1/table_stats`
  func tableStatistics(_ pass: Turnstile.Pass) {
    defer { pass.leave() }
    guard let names = tableNames() else { return }
    let tables = gateway.store.tables
    var count: Int64 = 0
    var unknown: [String] = []
    do throws(StateError) {
      try gateway.store.read(until: .after(nanoseconds: 30_000_000_000)) { (connection) throws(StateError) in
        for name in names {
          guard tables.table(named: name) != nil else {
            unknown.append(name)
            continue
          }
          do throws(SQLiteError) {
            count += try connection.value("SELECT count(*) FROM \(SQL.name(name))")?.integer ?? 0
          } catch {
            throw StateError(error)
          }
        }
      }
    } catch {
      gateway.note(error)
      return answerStatistics(500, 0, [])
    }
    answerStatistics(200, count, unknown)
  }

  private func answerStatistics(_ status: UInt16, _ count: Int64, _ unknown: [String]) {
    var text = ByteWriter(capacity: 256)
    text.append("{\"total_row_count\":")
    text.appendDecimal(count)
    text.append(",\"invalid_tables\":[")
    for (index, name) in unknown.enumerated() {
      if index > 0 { text.append(UInt8(ascii: ",")) }
      text.appendQuoted(name)
    }
    text.append("]}")
    json(status, text)
  }

  /// Nil, and the request is answered, if there are none.
  private func tableNames() -> [String]? {
    var parser = JSONParser()
    let body = request.body
    do throws(JSONError) {
      let tape = try parser.parse(body.span.bytes)
      var names: [String] = []
      var isList = false
      if let tables = tape.member("tables", of: tape.root), tape.kind(at: tables) == .array {
        isList = true
        tape.forEachElement(of: tables) { element in
          if let name = tape.text(at: element) { names.append(name) } else { isList = false }
        }
      }
      if isList { return names }
      text(422, "the body must be {\"tables\": [names]}")
    } catch {
      refuse(.malformed(error))
    }
    return nil
  }

  /// `GET /v1/health`
  func health(_ pass: Turnstile.Pass) {
    defer { pass.leave() }
    guard let parameters = parameters(["gaps", "p99_lag", "max_queue", "queue_size", "failure_status"]) else { return }
    let limits = parameters.map { $0.flatMap { Double($0) } }
    guard zip(parameters, limits).allSatisfy({ $0 == nil || $1 != nil }) else {
      return text(400, "the limits of health are numbers")
    }
    let status = limits[4] ?? 503
    guard status >= 200, status <= 599, status.rounded() == status else {
      return text(400, "failure_status must be a status of HTTP, from 200 to 599")
    }
    let now: StateHealth
    do throws(StateError) { now = try StateHealth(gateway.store) } catch {
      gateway.note(error)
      return fail(500, error.message)
    }
    let (gaps, lag, queue) = (Double(now.gaps), now.lag, Double(now.queued))
    let isLate = limits[1].map { lag > $0 } == true && (limits[3].map { queue > $0 } ?? true)
    let isUnhealthy = limits[0].map { gaps > $0 } == true || limits[2].map { queue > $0 } == true || isLate
    var text = ByteWriter(capacity: 128)
    text.append("{\"response\":{\"gaps\":")
    text.appendDecimal(now.gaps)
    text.append(",\"members\":")
    text.appendDecimal(UInt64(now.members))
    text.append(",\"p99_lag\":")
    _ = text.appendDecimal(lag)
    text.append(",\"queue_size\":")
    text.appendDecimal(UInt64(now.queued))
    text.append("}}")
    json(isUnhealthy ? UInt16(status) : 200, text)
  }

  /// `POST /v1/migrations`, which older clients send schemas to.
  func migrations(_ pass: Turnstile.Pass) {
    defer { pass.leave() }
    let start = Clock.monotonic()
    let texts: [String]
    do throws(StatementRequest.Fault) { texts = try StatementRequest.texts(request.body) } catch {
      return refuse(error)
    }
    if texts.isEmpty { return failTransaction(400, "at least 1 statement is required", since: nil) }
    do throws(StateError) {
      let sources = texts.enumerated().map { Schema.Source(path: "statement \($0 + 1)", text: $1) }
      try gateway.store.apply(Schema(sources), time: gateway.now())
      gateway.live.schemaChanged()
    } catch {
      gateway.note(error)
      return failTransaction(500, error.sentence, since: start)
    }
    var text = ByteWriter(capacity: 128)
    text.append("{\"results\":[],")
    text.append(endOfTransactionSince: start, version: nil, actor: gateway.actor)
    json(200, text)
  }
}

/// How far a node is behind, as `health` tells it.
struct StateHealth {
  /// Versions of other nodes that are known to exist and are missing.
  let gaps: UInt64
  /// Other nodes that are there.
  let members = 0
  /// Seconds between a commit elsewhere and the same here, for all but one of a hundred lately; 0 where nothing came.
  let lag = 0.0
  /// Changes that wait to be merged.
  let queued = 0

  init(_ store: StateStore) throws(StateError) {
    gaps = try store.numbers(until: .after(nanoseconds: 10_000_000_000)).gaps
  }
}
