internal import Documents
internal import JSON

/// Why bytes are no message of the admin channel.
package struct AdminMessageFault: Error {
  /// One sentence, lower case, no full stop.
  package let message: String
}

extension AdminCommand {
  /// The command that a request's JSON stands for: a name, or an object of one member, whose name says which kind it is.
  package init(json bytes: [UInt8]) throws(AdminMessageFault) {
    let report: Report
    do throws(JSONError) {
      report = try Report(json: bytes)
    } catch {
      throw AdminMessageFault(message: error.message.text)
    }
    guard let value = TaggedValue(report) else {
      throw AdminMessageFault(message: "a command is a string, or an object of one member")
    }
    guard let command = Self.command(value) else {
      let inner = value.inner.map { " \($0.name)" } ?? ""
      throw AdminMessageFault(message: "there is no command \(value.name)\(inner), or it lacks something")
    }
    self = command
  }

  private static func command(_ value: TaggedValue) -> AdminCommand? {
    switch value.name {
    case "Ping" where value.content == nil: .ping
    case "Reload" where value.content == nil: .reload
    case "Adopt" where value.content == nil: .adopt
    case "ReloadDicts" where value.content == nil: .reloadDictionaries
    case "Sync": value.inner.flatMap { Sync($0) }.map { .sync($0) }
    case "Cluster": value.inner.flatMap { Cluster($0) }.map { .cluster($0) }
    case "Actor": value.inner.flatMap(actor)
    case "Subs": value.inner.flatMap { Subscriptions($0) }.map { .subscriptions($0) }
    case "Capture": value.inner.flatMap { Capture($0) }.map { .capture($0) }
    case "Log": value.inner.flatMap { Log($0) }.map { .log($0) }
    case "Plumtree": value.inner?.name == "Stats" ? .plumtreeStatistics : nil
    case "Locks": value.content?.member("top")?.whole.map { .locks(top: $0) }
    default: nil
    }
  }

  private static func actor(_ value: TaggedValue) -> AdminCommand? {
    guard value.name == "Version", let (actor, version) = version(value.content) else { return nil }
    return .actorVersion(actor: actor, version: version)
  }

  fileprivate static func version(_ content: Report?) -> (actor: String, version: UInt64)? {
    guard let actor = content?.member("actor_id")?.text, let version = content?.member("version")?.whole else {
      return nil
    }
    return (actor, version)
  }

  // MARK: Writing

  /// The request that asks for it.
  package var json: [UInt8] { report.json }

  private var report: Report {
    switch self {
    case .ping: .text("Ping")
    case .reload: .text("Reload")
    case .adopt: .text("Adopt")
    case .reloadDictionaries: .text("ReloadDicts")
    case .sync(let sync): .object([("Sync", sync.report)])
    case .cluster(let cluster): .object([("Cluster", cluster.report)])
    case .actorVersion(let actor, let version):
      .object([
        ("Actor", .object([("Version", .object([("actor_id", .text(actor)), ("version", .whole(version))]))]))
      ])
    case .subscriptions(let subscriptions): .object([("Subs", subscriptions.report)])
    case .capture(let capture): .object([("Capture", capture.report)])
    case .log(let log): .object([("Log", log.report)])
    case .plumtreeStatistics: .object([("Plumtree", .text("Stats"))])
    case .locks(let top): .object([("Locks", .object([("top", .whole(top))]))])
    }
  }
}

extension AdminCommand.Sync {
  fileprivate init?(_ value: TaggedValue) {
    switch value.name {
    case "Generate": self = .generate
    case "ReconcileGaps": self = .reconcileGaps
    case "CheckBookieConsistency": self = .checkBookieConsistency
    case "ProcessBufferedChanges":
      guard let (actor, version) = AdminCommand.version(value.content) else { return nil }
      let size = value.content?.member("chunk_size")?.whole ?? 1000
      self = .processBufferedChanges(actor: actor, version: version, chunkSize: size)
    default: return nil
    }
  }

  fileprivate var report: Report {
    switch self {
    case .generate: .text("Generate")
    case .reconcileGaps: .text("ReconcileGaps")
    case .checkBookieConsistency: .text("CheckBookieConsistency")
    case .processBufferedChanges(let actor, let version, let size):
      .object([
        (
          "ProcessBufferedChanges",
          .object([("actor_id", .text(actor)), ("version", .whole(version)), ("chunk_size", .whole(size))])
        )
      ])
    }
  }
}

extension AdminCommand.Cluster {
  fileprivate init?(_ value: TaggedValue) {
    switch value.name {
    case "Rejoin": self = .rejoin
    case "Members": self = .members
    case "MembershipStates": self = .membershipStates
    case "SetId":
      guard let id = value.content?.whole.flatMap({ UInt16(exactly: $0) }) else { return nil }
      self = .setID(id)
    default: return nil
    }
  }

  fileprivate var report: Report {
    switch self {
    case .rejoin: .text("Rejoin")
    case .members: .text("Members")
    case .membershipStates: .text("MembershipStates")
    case .setID(let id): .object([("SetId", .whole(UInt64(id)))])
    }
  }
}

extension AdminCommand.Subscriptions {
  fileprivate init?(_ value: TaggedValue) {
    switch value.name {
    case "List": self = .list
    case "Info":
      let (hash, id) = (value.content?.member("hash")?.text, value.content?.member("id")?.text)
      guard hash != nil || id != nil else { return nil }
      self = .info(hash: hash, id: id)
    default: return nil
    }
  }

  fileprivate var report: Report {
    switch self {
    case .list: .text("List")
    case .info(let hash, let id): .object([("Info", .object([("hash", .text(hash)), ("id", .text(id))]))])
    }
  }
}

extension AdminCommand.Capture {
  fileprivate init?(_ value: TaggedValue) {
    if value.name == "List" {
      self = .list
      return
    }
    guard let content = value.content, let pool = content.member("pool")?.text,
      let directory = content.member("directory")?.text
    else { return nil }
    switch value.name {
    case "Remove": self = .remove(pool: pool, directory: directory)
    case "Add":
      guard let origin = content.member("origin")?.text.flatMap({ AgentConfiguration.Capture.Origin(rawValue: $0) })
      else { return nil }
      self = .add(
        pool: pool, directory: directory, tables: content.member("tables")?.texts, origin: origin,
        size: content.member("size")?.whole, snapshot: content.member("snapshot")?.flag ?? false)
    default: return nil
    }
  }

  fileprivate var report: Report {
    switch self {
    case .list: .text("List")
    case .remove(let pool, let directory):
      .object([("Remove", .object([("pool", .text(pool)), ("directory", .text(directory))]))])
    case .add(let pool, let directory, let tables, let origin, let size, let snapshot):
      .object([
        (
          "Add",
          .object([
            ("pool", .text(pool)), ("directory", .text(directory)),
            ("tables", tables.map { .list($0.map { .text($0) }) } ?? .null), ("origin", .text(origin.rawValue)),
            ("size", .whole(size)), ("snapshot", .bool(snapshot)),
          ])
        )
      ])
    }
  }
}

extension AdminCommand.Log {
  fileprivate init?(_ value: TaggedValue) {
    switch value.name {
    case "Reset": self = .reset
    case "Set":
      guard let filter = value.content?.member("filter")?.text else { return nil }
      self = .set(filter: filter)
    default: return nil
    }
  }

  fileprivate var report: Report {
    switch self {
    case .reset: .text("Reset")
    case .set(let filter): .object([("Set", .object([("filter", .text(filter))]))])
    }
  }
}
