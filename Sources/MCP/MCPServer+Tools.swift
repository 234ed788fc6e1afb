internal import Documents
internal import JSON
internal import Lite3
internal import Platform
internal import Pools

extension MCPServer {
  /// Calls a tool.
  func perform(_ asked: borrowing Asked, _ tool: Tool, _ arguments: Result<ToolArguments, ToolFault>) -> MCPOutcome {
    do throws(ToolFault) {
      try failing { () throws(Failure) in try asked.access.require(tool.mode) }
      switch arguments {
      case .failure(let fault): throw fault
      case .success(let arguments): return try call(tool, arguments, asked)
      }
    } catch {
      return .response(Response.failure(asked.id, tool, error))
    }
  }

  private func call(
    _ tool: Tool, _ arguments: ToolArguments, _ asked: borrowing Asked
  ) throws(ToolFault) -> MCPOutcome {
    switch tool {
    case .list: return .response(try failing { () throws(Failure) in try list(asked) })
    case .create: return .response(try failing { () throws(Failure) in try create(arguments, asked) })
    case .info: return .response(try failing { () throws(Failure) in try info(arguments, asked) })
    case .delete: return .response(try failing { () throws(Failure) in try delete(arguments, asked) })
    case .feed: return .response(try failing { () throws(Failure) in try feed(arguments, asked) })
    case .fetch: return .response(try failing { () throws(Failure) in try fetch(arguments, asked) })
    case .read: return .response(try read(arguments, asked))
    case .wait: return try failing { () throws(Failure) in try wait(arguments, asked) }
    }
  }

  // MARK: Pools

  private func list(_ asked: borrowing Asked) throws(Failure) -> [UInt8] {
    let found = try pools(asked)
    let count = found.good.count
    var members: [(String, Report)] = [("pools", .list(found.good.map { $0.report }))]
    if !found.bad.isEmpty { members.append(("errors", .list(found.bad))) }
    var text = "Listed \(count) pool(s)."
    if !found.bad.isEmpty { text += " \(found.bad.count) more cannot be read: see errors." }
    if count == 0, found.bad.isEmpty {
      text = "There are no pools yet. plasmite_pool_create makes one, and so does plasmite_feed with create: true."
    }
    return Response.tool(asked.id, text: text) { $0.append(Report.object(members)) }
  }

  private func create(_ arguments: ToolArguments, _ asked: borrowing Asked) throws(Failure) -> [UInt8] {
    let name = arguments.pool
    let path = try path(of: name, .write, asked.access)
    let info = try storing { () throws(PoolError) in
      let pool = try Pool.create(at: path, size: arguments.size ?? PoolLimits.defaultFileSize)
      shelf.put(pool, as: path, now: asked.now.monotonic)
      return try pool.info()
    } explaining: { error in
      if error.kind == .alreadyExists {
        error.hint = "the pool and its messages are as they were: use it, or choose another name"
      }
    }
    return described("Created pool `\(name)`.", info, name, path, asked)
  }

  private func info(_ arguments: ToolArguments, _ asked: borrowing Asked) throws(Failure) -> [UInt8] {
    let name = arguments.pool
    let path = try path(of: name, .read, asked.access)
    let info = try reading(name, path, asked) { (pool) throws(PoolError) in try pool.info() }
    return described("Fetched metadata for pool `\(name)`.", info, name, path, asked)
  }

  private func described(
    _ text: String, _ info: PoolInfo, _ name: String, _ path: String, _ asked: borrowing Asked
  ) -> [UInt8] {
    let pool = info.report(name: name, path: path, now: asked.now.wall)
    return Response.tool(asked.id, text: text) { $0.append(Report.object([("pool", pool)])) }
  }

  private func delete(_ arguments: ToolArguments, _ asked: borrowing Asked) throws(Failure) -> [UInt8] {
    let name = arguments.pool
    let path = try path(of: name, .write, asked.access)
    // Some systems cannot remove a file that is open.
    shelf.drop(path)
    try storing { () throws(PoolError) in
      try Pool.delete(at: path)
    } explaining: {
      Self.explainMissing(&$0, name)
    }
    return Response.tool(asked.id, text: "Deleted pool `\(name)`.") {
      $0.append(Report.object([("deleted", .object([("pool", .text(name))]))]))
    }
  }

  // MARK: Messages

  private func feed(_ arguments: ToolArguments, _ asked: borrowing Asked) throws(Failure) -> [UInt8] {
    let name = arguments.pool
    let path = try path(of: name, .write, asked.access)
    // Before a pool is made for a message that it cannot hold.
    try encode(arguments, asked.text)
    let time = asked.now.wall
    let sequence = try storing { () throws(PoolError) in
      try withPool(path, creating: arguments.creates, now: asked.now.monotonic) { (pool) throws(PoolError) in
        try encoder.withUnsafeBytes { (bytes) throws(PoolError) in
          try pool.append(RawSpan(_unsafeBytes: bytes), time: time)
        }
      }
    } explaining: { error in
      if error.kind == .notFound, error.hint == nil {
        error.hint =
          "there is no pool `\(repeated(name))`: call plasmite_feed with create: true, or plasmite_pool_create first"
      }
    }
    let message: [UInt8]
    do throws(Lite3Error) {
      message = try encoder.withUnsafeBytes { (bytes) throws(Lite3Error) in
        try texts.text(RawSpan(_unsafeBytes: bytes), sequence: sequence, time: time)
      }
    } catch {
      throw Failure(MessageTexts.unreadable(error, sequence: sequence, path: path))
    }
    return shown("Appended message \(sequence) to `\(name)`.", message, asked)
  }

  /// Encodes the data of a call, which the text of the call holds.
  private func encode(_ arguments: ToolArguments, _ text: RawSpan) throws(Failure) {
    do throws(Lite3Error) {
      let isThere = try encoder.encodeMessage(within: text) { tape in
        tape.member("params", of: tape.root).flatMap { tape.member("arguments", of: $0) }
          .flatMap { tape.member("data", of: $0) }.map { (data: $0, tags: arguments.tags) }
      }
      if !isThere { throw Lite3Error(.dataMustBeObject) }
    } catch {
      throw Failure(.usage, error.message.text, hint: Self.hint(error))
    }
  }

  private static func hint(_ error: Lite3Error) -> String {
    switch error.kind {
    case .dataMustBeObject: "Put the value into an object, for example {\"value\": …}."
    case .tooDeep: "Data may nest 31 levels deep, itself included."
    case .nulInKey: "Choose keys without the character U+0000."
    default: "Store less in one message."
    }
  }

  private func fetch(_ arguments: ToolArguments, _ asked: borrowing Asked) throws(Failure) -> [UInt8] {
    let name = arguments.pool
    let path = try path(of: name, .read, asked.access)
    let message = try reading(name, path, asked) { (pool) throws(PoolError) in
      try texts.text(of: arguments.sequence, in: pool)
    }
    return shown("Fetched sequence \(arguments.sequence) from `\(name)`.", message, asked)
  }

  private func shown(_ text: String, _ message: [UInt8], _ asked: borrowing Asked) -> [UInt8] {
    Response.tool(asked.id, text: text) { output in
      output.append("{\"message\":")
      output.append(message.span.bytes)
      output.append("}")
    }
  }

  private func read(_ arguments: ToolArguments, _ asked: borrowing Asked) throws(ToolFault) -> [UInt8] {
    var since: UInt64 = 0
    if let text = arguments.since {
      guard let time = SinceText.nanoseconds(text, now: asked.now.wall) else {
        throw ToolArguments.fault(
          .since, "since must be a time ago such as 30s, 5m, 2h or 1d, or an RFC 3339 time such as 2026-11-21T06:00:00Z"
        )
      }
      since = time
    }
    let selection = Selection(count: arguments.count, since: since, tags: arguments.tags)
    let found = try failing { () throws(Failure) in
      let path = try path(of: arguments.pool, .read, asked.access)
      return try reading(arguments.pool, path, asked) { (pool) throws(PoolError) -> Reading in
        guard let after = arguments.afterSequence else { return try ReadingBack.read(pool, selection) }
        var ahead = try ReadingAhead(pool, after: after, selection)
        return try ahead.read()
      }
    }
    return Response.tool(asked.id, text: "Read \(found.messages.count) message(s) from `\(arguments.pool)`.") {
      found.write(into: &$0)
    }
  }

  private func wait(_ arguments: ToolArguments, _ asked: borrowing Asked) throws(Failure) -> MCPOutcome {
    let name = arguments.pool
    let path = try path(of: name, .read, asked.access)
    let selection = Selection(count: arguments.count, tags: arguments.tags)
    let (sum, overflow) = asked.now.monotonic.addingReportingOverflow(Int64(arguments.timeout) * 1_000_000)
    let deadline = overflow ? Deadline.never : Deadline(nanoseconds: sum)
    let id = asked.id
    let wait = try reading(name, path, asked) { (pool) throws(PoolError) in
      MCPWait(id, pool: name, try ReadingAhead(pool, after: arguments.afterSequence, selection), deadline: deadline)
    }
    guard let response = wait.attempt(now: asked.now.monotonic) else { return .waiting(wait) }
    return .response(response)
  }
}

/// Runs `body`, and carries its error on as that of a tool.
private func failing<Value>(_ body: () throws(Failure) -> Value) throws(ToolFault) -> Value {
  do throws(Failure) { return try body() } catch { throw .failed(error) }
}
