internal import Documents
internal import HTTP
internal import JSON
internal import Platform
internal import Pools

// Routes about whole pools. Workers call these.

extension Call {
  func listPools(_ tails: [Tail]?) {
    answering { () throws(PoolError) in
      var rows: [Report] = []
      var errors: [Report] = []
      for listing in try PoolDirectory.list(gateway.setup.directory) where grant.allows(.read, pool: listing.name) {
        do throws(PoolError) {
          let info = try gateway.pools.use(listing.name) { (pool) throws(PoolError) in try pool.info() }
          rows.append(describe(listing.name, listing.path, info, tails))
        } catch {
          // One that was deleted since is not there; one that cannot be read hides nothing else.
          if error.kind == .notFound { continue }
          errors.append(
            .object([
              ("name", .text(listing.name)), ("path", .text(listing.path)), ("error", Failure(error).report),
            ]))
        }
      }
      var members: [(String, Report)] = [("pools", .list(rows))]
      if !errors.isEmpty { members.append(("errors", .list(errors))) }
      answer(.object(members))
    }
  }

  func createPool(_ desk: Desk) {
    guard let fields = readFields(desk) else { return }
    guard let name = fields.pool else { return fail(missing("pool")) }
    if let refusal = grant.refusal(.write, pool: name) { return refuse(refusal) }
    answering { () throws(PoolError) in
      let path = try gateway.pools.path(name)
      let pool = try Pool.create(at: path, size: fields.size ?? PoolLimits.defaultFileSize)
      gateway.pools.forget(name)
      let info = try pool.info()
      answer(.object([("pool", describe(name, path, info, nil))]))
    }
  }

  func openPool(_ desk: Desk) {
    guard let fields = readFields(desk) else { return }
    guard let name = fields.pool else { return fail(missing("pool")) }
    if let refusal = grant.refusal(.read, pool: name) { return refuse(refusal) }
    poolInfo(name, nil)
  }

  func poolInfo(_ name: String, _ tails: [Tail]?) {
    answering { () throws(PoolError) in
      let info = try gateway.pools.use(name) { (pool) throws(PoolError) in try pool.info() }
      let path = try gateway.pools.path(name)
      answer(.object([("pool", describe(name, path, info, tails))]))
    }
  }

  func deletePool(_ name: String) {
    answering { () throws(PoolError) in
      do throws(PoolError) {
        try Pool.delete(at: gateway.pools.path(name))
      } catch {
        var error = error
        if error.kind == .notFound { error.hint = "look what there is with GET /v0/pools" }
        throw error
      }
      gateway.pools.forget(name)
      answer(.object([("ok", .bool(true))]))
    }
  }

  private func describe(_ name: String, _ path: String, _ info: PoolInfo, _ tails: [Tail]?) -> Report {
    guard let tails else { return info.report(name: name, path: path, now: Clock.wall()) }
    let (count, lag) = TailBoard.followers(of: name, newest: info.bounds?.upperBound, among: tails)
    let followers = Report.object([("count", .whole(count)), ("max_lag", .whole(lag))])
    return info.report(name: name, path: path, now: Clock.wall(), additions: [("followers", followers)])
  }

  // MARK: Bodies

  private struct Fields {
    var pool: String?
    var size: UInt64?
  }

  /// The members of a body about a pool; nil when it was answered that they cannot be read.
  private func readFields(_ desk: Desk) -> Fields? {
    guard hasJSONBody() else { return nil }
    var fields = Fields()
    var problem: Failure?
    do throws(JSONError) {
      problem = try desk.parser.withTape(of: request.body) { tape in
        guard tape.kind(at: tape.root) == .object else { return notAnObject }
        if let index = tape.member("pool", of: tape.root) {
          fields.pool = tape.text(at: index)
          if fields.pool == nil { return mistyped("pool", "a string") }
        }
        if let index = tape.member("size_bytes", of: tape.root), tape.kind(at: index) != .null {
          fields.size = tape.unsigned(at: index)
          if fields.size == nil { return mistyped("size_bytes", "a whole number of bytes") }
        }
        return nil
      }
    } catch {
      problem = malformed(error)
    }
    guard let problem else { return fields }
    fail(problem)
    return nil
  }

  /// Whether the body is said to be JSON; it is answered if not. Web pages of strangers cannot say that unasked.
  func hasJSONBody() -> Bool {
    if let type = request.headerBytes("content-type"), MediaType.isSame(type, MediaType.json) { return true }
    fail(
      Failure(.usage, "request body must be JSON", hint: "Send the header `content-type: application/json`."),
      status: 415)
    return false
  }

  var notAnObject: Failure {
    Failure(.usage, "request body must be a JSON object", hint: "See /openapi.json for its members.")
  }

  func missing(_ name: String) -> Failure {
    Failure(.usage, "missing \(name)", hint: "Give the member \"\(name)\" in the request's body.")
  }

  func mistyped(_ name: String, _ wanted: String) -> Failure {
    Failure(.usage, "invalid \(name)", hint: "The member \"\(name)\" is \(wanted).")
  }

  func malformed(_ error: JSONError) -> Failure {
    Failure(
      .usage, "invalid json", hint: "Send one JSON object.", offset: error.offset.map { UInt64($0) },
      causes: [error.message.text])
  }

  /// Runs `body`, and answers with its error.
  func answering(_ body: () throws(PoolError) -> Void) {
    do throws(PoolError) { try body() } catch { fail(Failure(error)) }
  }
}
