internal import Documents
internal import Gateway
internal import Platform
internal import Pools
internal import Relay
internal import State

// Changes of tables into pools: what the configuration and the admin channel say about it.

extension Agent {
  /// Makes what the configuration wants captured what is captured for it.
  static func setCaptures(_ captures: [AgentConfiguration.Capture], _ store: StateStore) throws(Failure) {
    var definitions: [CaptureDefinition] = []
    for capture in captures { definitions.append(try CaptureDefinition(capture)) }
    do throws(StateError) { try store.setCaptures(definitions, of: .config) } catch { throw Failure(error) }
  }

  func capture(_ command: AdminCommand.Capture, _ reply: AdminReply) throws(Failure) {
    do throws(StateError) {
      switch command {
      case .list: reply.json(.list(try captures.status().map { $0.report }))
      case .remove(let pool, let directory):
        guard try store.removeCapture(pool: pool, directory: directory) else {
          throw StateError(.usage, "nothing is captured into the pool \(pool)", hint: "see `weir capture list`")
        }
        reply.json(.object([("removed", .text(pool))]))
      case .add(let pool, let directory, let tables, let origin, let size, let snapshot):
        let definition = CaptureDefinition(
          pool: pool, directory: directory, tables: tables, origin: .init(origin), source: .command, size: size)
        for table in tables ?? [] where store.tables.table(called: table) == nil {
          throw StateError(.unknownTable, "there is no replicated table \(table)", hint: "see the schema's files")
        }
        try store.register(definition, snapshot: snapshot, time: gateway.now())
        reply.json(.object([("added", .text(pool))]))
      }
    } catch {
      throw Failure(error)
    }
  }
}

extension CaptureDefinition {
  fileprivate init(_ capture: AgentConfiguration.Capture) throws(Failure) {
    let directory: String
    if let given = capture.directory {
      // One directory has one spelling, so that two captures do not share a pool unnoticed.
      directory = (try? Paths.canonical(given)) ?? given
    } else {
      directory = try Self.usualDirectory()
    }
    var tables: [String]?
    if case .named(let names) = capture.tables { tables = names }
    self.init(
      pool: capture.pool, directory: directory, tables: tables, origin: .init(capture.origin), source: .config,
      size: capture.size)
  }
}

extension CaptureDefinition {
  /// The usual pool directory, which is made like that of `weir pool create`. One that the configuration names is not: it may be a disk
  /// that is not mounted.
  fileprivate static func usualDirectory() throws(Failure) -> String {
    let directory: String
    do throws(PoolError) { directory = try PoolDirectory.defaultPath() } catch { throw Failure(error) }
    do throws(SystemError) { try Paths.makeDirectories(directory) } catch {
      throw Failure(.io, "the pool directory cannot be made", path: directory, causes: [error.message])
    }
    return directory
  }
}

extension CaptureDefinition.Origin {
  fileprivate init(_ origin: AgentConfiguration.Capture.Origin) {
    self =
      switch origin {
      case .all: .all
      case .local: .local
      case .remote: .remote
      }
  }
}

extension CaptureStatus {
  fileprivate var report: Report {
    var members: [(String, Report)] = [
      ("pool", .text(definition.pool)), ("directory", .text(definition.directory)),
      ("tables", definition.tables.map { .list($0.map { .text($0) }) } ?? .text("*")),
      ("origin", .text(definition.origin.rawValue)), ("source", .text(definition.source.rawValue)),
      ("done", .whole(UInt64(done))), ("waiting", .whole(UInt64(waiting))), ("messages", .whole(messages)),
    ]
    if let lastError { members.append(("error", Failure(lastError).report)) }
    return .object(members)
  }

  var metrics: StateCaptureMetrics {
    StateCaptureMetrics(pool: definition.pool, waiting: UInt64(waiting), isFailing: lastError != nil)
  }
}

extension CaptureEvent {
  /// Whether somebody should look after it.
  var isTrouble: Bool {
    switch self {
    case .waiting, .lost, .stalled: true
    case .resumed: false
    }
  }
}
