internal import Documents
internal import JSON
internal import Pools

extension MCPServer {
  /// One resource for each pool. Those that cannot be read are told of in `_meta`.
  func listResources(_ asked: borrowing Asked) -> [UInt8] {
    do throws(Failure) {
      try asked.access.require(.read)
      let found = try pools(asked)
      let resources = found.good.map { pool in (uri: PoolResource.uri(pool.name), pool: pool) }
        .sorted { $0.uri.utf8.lexicographicallyPrecedes($1.uri.utf8) }
        .map { Self.describe($0.pool, $0.uri) }
      var members: [(String, Report)] = [("resources", .list(resources))]
      if !found.bad.isEmpty { members.append(("_meta", .object([("errors", .list(found.bad))]))) }
      return Response.result(asked.id) { $0.append(Report.object(members)) }
    } catch {
      return Response.error(asked.id, Refusal(error))
    }
  }

  private static func describe(_ pool: FoundPools.Pool, _ uri: String) -> Report {
    .object([
      ("uri", .text(uri)), ("name", .text(pool.name)), ("mimeType", .text("application/json")),
      (
        "description",
        .text(
          "The latest \(MCPLimits.usualMessages) messages of the pool \(pool.name), which holds \(pool.fileSize) bytes and"
            + " overwrites its oldest messages when it is full")
      ),
    ])
  }

  /// The latest messages of a pool, as JSON text inside of JSON.
  func readResource(_ asked: borrowing Asked, _ resource: PoolResource) -> [UInt8] {
    let found: Reading
    do throws(Failure) {
      try asked.access.require(.read)
      let path = try path(of: resource.name, .read, asked.access)
      found = try reading(resource.name, path, asked) { (pool) throws(PoolError) in
        try ReadingBack.read(pool, Selection(count: MCPLimits.usualMessages))
      }
    } catch {
      // A name that no pool can have makes it no address of a resource.
      guard error.kind == .usage, error.path == nil else { return Response.error(asked.id, Refusal(error)) }
      return Response.error(asked.id, Refusal(.invalidParameters, error.message))
    }
    return Response.result(asked.id) { output in
      var text = ByteWriter(capacity: 4096)
      found.write(into: &text)
      output.append("{\"contents\":[{\"mimeType\":\"application/json\",\"text\":")
      // Messages are stored as UTF-8 and were written as such.
      if !output.appendQuoted(text.bytes) { output.append("null") }
      output.append(",\"uri\":")
      output.appendQuoted(resource.uri)
      output.append("}]}")
    }
  }
}
