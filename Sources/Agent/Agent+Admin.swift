package import Documents
package import Gateway
internal import LiveQueries
internal import Platform
internal import State

// What the node does for the commands of its admin channel.

extension Agent {
  func adminHandler() -> AdminHandler {
    var handler = AdminHandler()
    handler.reload = { [self] (reply) throws(Failure) in try reload(reply) }
    handler.dropRetired = { [self] (reply) throws(Failure) in try dropRetired(reply) }
    handler.adopt = { [self] (reply) throws(Failure) in try adopt(reply) }
    handler.syncGenerate = { [self] (reply) throws(Failure) in try syncState(reply) }
    handler.syncCheckBookieConsistency = { [self] (reply) throws(Failure) in try checkBooks(reply) }
    handler.actorVersion = { [self] (actor, version, reply) throws(Failure) in
      try actorVersion(actor, version, reply)
    }
    handler.subscriptionList = { [self] (reply) throws(Failure) in
      reply.json(.list(live.list().map { $0.summary }))
    }
    handler.subscriptionInfo = { [self] (hash, id, reply) throws(Failure) in try subscriptionInfo(hash, id, reply) }
    handler.capture = { [self] (command, reply) throws(Failure) in try capture(command, reply) }
    handler.logSet = { [log] (filter, _) throws(Failure) in log.set(try LogFilter.level(filter)) }
    handler.logReset = { [log] (_) throws(Failure) in log.set(LogFilter.standard()) }
    return handler
  }

  private func reload(_ reply: AdminReply) throws(Failure) {
    do throws(StateError) {
      let sources = try Schema.sources(configuration.database.schemaPaths)
      let report = try store.apply(Schema(sources), time: gateway.now())
      live.schemaChanged()
      let details = SchemaReportText(report).details
      log.event(.info, "schema", details)
      reply.json(.object(details))
    } catch {
      throw Failure(error)
    }
  }

  private func dropRetired(_ reply: AdminReply) throws(Failure) {
    do throws(StateError) {
      let dropped = try store.dropRetired()
      live.schemaChanged()
      let names = Report.list(dropped.map { .text($0) })
      reply.json(.object([("dropped", names)]))
      if !dropped.isEmpty { log.event(.info, "dropped what was retired", [("names", names)]) }
    } catch {
      throw Failure(error)
    }
  }

  private func adopt(_ reply: AdminReply) throws(Failure) {
    do throws(StateError) {
      let count = try store.differences().count
      let version = try store.adoptDifferences(time: gateway.now())
      reply.json(.object([("rows", .whole(UInt64(count))), ("version", .whole(version))]))
      if count > 0 { log.event(.info, "adopted rows", [("count", .whole(UInt64(count)))]) }
    } catch {
      throw Failure(error)
    }
  }

  private func syncState(_ reply: AdminReply) throws(Failure) {
    var heads: [(String, Report)] = []
    var need: [(String, Report)] = []
    var partial: [(String, Report)] = []
    for (site, versions) in store.allVersions() {
      if versions.head > 0 { heads.append((site.text, .whole(versions.head))) }
      if !versions.missing.ranges.isEmpty { need.append((site.text, Self.ranges(versions.missing.ranges))) }
      let parts = versions.partial.sorted { $0.key < $1.key }.map { version, part in
        ("\(version)", Self.ranges(part.missing))
      }
      if !parts.isEmpty { partial.append((site.text, .object(parts))) }
    }
    reply.json(
      .object([
        ("actor_id", .text(store.site.text)), ("heads", .object(heads)), ("need", .object(need)),
        ("partial_need", .object(partial)), ("last_cleared_ts", .null),
      ]))
  }

  private static func ranges(_ ranges: [ClosedRange<UInt64>]) -> Report {
    .list(ranges.map { .object([("start", .whole($0.lowerBound)), ("end", .whole($0.upperBound))]) })
  }

  private func checkBooks(_ reply: AdminReply) throws(Failure) {
    let differing: [SiteID]
    do throws(StateError) { differing = try store.sitesWhoseBooksDiffer() } catch { throw Failure(error) }
    let actors = Report.list(differing.map { .text($0.text) })
    let count = Report.whole(UInt64(store.allVersions().count))
    reply.json(
      .object([
        ("ok", .bool(differing.isEmpty)), ("value_mismatch_actors", actors), ("only_in_memory_actors", .list([])),
        ("only_in_db_actors", .list([])), ("in_memory_actors", count), ("db_actors", count),
      ]))
    guard differing.isEmpty else {
      throw Failure(.corrupt, "memory and database differ on what is known of other nodes", hint: "Restart the node.")
    }
  }

  private func actorVersion(_ actor: String, _ version: UInt64, _ reply: AdminReply) throws(Failure) {
    guard let site = SiteID(text: actor) else {
      throw Failure(.usage, "the id of an actor is a UUID", hint: "See `weir sync generate`.")
    }
    guard let versions = store.allVersions().first(where: { $0.site == site })?.versions, version > 0,
      version <= versions.head, !versions.missing.contains(version)
    else { return reply.json(.null) }
    if let part = versions.partial[version] {
      return reply.json(
        .object([
          (
            "partial",
            .object([
              ("db_version", .whole(version)), ("last_seq", .whole(part.lastSeq)),
              ("missing", Self.ranges(part.missing)),
            ])
          )
        ]))
    }
    let sets: [ChangeSet]
    do throws(StateError) { sets = try store.changeSets(of: site, version...version) } catch { throw Failure(error) }
    guard let last = sets.last else { return reply.json(.text("cleared or unknown")) }
    reply.json(
      .object([("current", .object([("db_version", .whole(version)), ("last_seq", .whole(last.lastSeq))]))]))
  }

  private func subscriptionInfo(_ hash: String?, _ id: String?, _ reply: AdminReply) throws(Failure) {
    let wanted = id.flatMap { LiveID($0) }
    let found = live.list().first { one in
      if id != nil { return one.id == wanted }
      return one.hashText.utf8.elementsEqual((hash ?? "").utf8)
    }
    guard let found else {
      throw Failure(.notFound, "there is no such subscription", hint: "See `weir subs list`.")
    }
    reply.json(found.details)
  }
}

extension LiveQueryInfo {
  var hashText: String { Hexadecimal.text([hash]) }

  fileprivate var summary: Report {
    .object([
      ("id", .text("\(id)")), ("hash", .text(hashText)), ("sql", .text(sql)), ("ms_per_sec_cost", .decimal(cost)),
    ])
  }

  fileprivate var details: Report {
    .object([
      ("id", .text("\(id)")), ("hash", .text(hashText)), ("path", .text(path)), ("last_change_id", .whole(lastChange)),
      ("original_query", .text(sql)),
      ("statements", .list(statements.sorted { $0.key < $1.key }.map { .object([($0.key, .text($0.value))]) })),
      ("ms_per_sec_cost", .decimal(cost)), ("streams", .whole(UInt64(streams))),
    ])
  }
}

/// How much of the log is written, as `RUST_LOG`, `WEIR_LOG` and the admin channel say it.
package enum LogFilter {
  /// The level of a filter: one word, or the one without a target in a list such as `info,http=debug`.
  package static func level(_ filter: String) throws(Failure) -> GatewaySettings.LogLevel {
    for part in filter.utf8.split(separator: UInt8(ascii: ",")) where !part.contains(UInt8(ascii: "=")) {
      let letters = part.filter { $0 > 0x20 }.map { $0 >= 0x41 && $0 <= 0x5a ? $0 + 0x20 : $0 }
      let word = String(decoding: letters, as: UTF8.self)
      if word.utf8.elementsEqual("trace".utf8) { return .debug }
      let level = GatewaySettings.LogLevel.allCases.first { $0.name.utf8.elementsEqual(word.utf8) }
      if let level { return level }
    }
    throw Failure(.usage, "the filter names no level", hint: "Use error, warn, info or debug.")
  }

  /// What the environment says; info if that is nothing.
  package static func standard() -> GatewaySettings.LogLevel {
    for variable in ["WEIR_LOG", "RUST_LOG"] {
      if let text = Process.environment(variable), let level = try? level(text) { return level }
    }
    return .info
  }
}
