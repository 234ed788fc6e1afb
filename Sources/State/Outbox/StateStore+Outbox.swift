internal import Platform
internal import SQLite

// Captures and their outbox: `Documentation/state-format.md`, section 7. What is read here is put into pools by the target `Relay`.

extension StateStore {
  /// All captures, oldest first.
  public func captures() throws(StateError) -> [RegisteredCapture] {
    try inOutbox { (book) throws(StateError) in try book.all() }
  }

  /// Notes durably what is to be captured. A new capture begins with the transactions after this; one with the same pool goes on where
  /// it is, with the tables and the origin that are given now.
  ///
  /// - Parameters:
  ///   - snapshot: whether all rows of the tables come first, as they are now.
  ///   - time: the time of such messages, as the node's clock has it.
  /// - Throws: `.usage` for a definition that cannot be, or a snapshot that the outbox has no room for.
  @discardableResult
  public func register(
    _ capture: CaptureDefinition, snapshot: Bool = false, time: UInt64 = 0
  ) throws(StateError) -> RegisteredCapture {
    if let fault = capture.fault { throw fault }
    return try changeCaptures { (core, book) throws(StateError) in
      try book.put(capture)
      guard let registered = try book.all().first(where: { $0.definition.hasPool(of: capture) }) else {
        throw StateError(.corrupt, "the list of captures is damaged", hint: "restore the database from a backup")
      }
      if snapshot {
        let author = RowTransition.Author(
          site: core.clocks.sites.local, version: core.clocks.sites.versions[0], time: time)
        try core.newOutbox([capture])?.appendSnapshot(for: registered, by: author)
      }
      return registered
    }
  }

  /// Makes these the captures of a source: notes them, and removes the others that it asked for.
  public func setCaptures(_ definitions: [CaptureDefinition], of source: CaptureDefinition.Source) throws(StateError) {
    for definition in definitions { if let fault = definition.fault { throw fault } }
    try changeCaptures { (_, book) throws(StateError) in
      for old in try book.all() where old.definition.source == source {
        if !definitions.contains(where: { $0.hasPool(of: old.definition) }) { try book.remove(old.id) }
      }
      for var definition in definitions {
        definition.source = source
        try book.put(definition)
      }
    }
  }

  /// Ends a capture; what waits for it in the outbox is dropped. Its pool stays.
  ///
  /// - Returns: Whether there was one.
  @discardableResult
  public func removeCapture(pool: String, directory: String) throws(StateError) -> Bool {
    let wanted = CaptureDefinition(pool: pool, directory: directory)
    return try changeCaptures { (_, book) throws(StateError) in
      guard let found = try book.all().first(where: { $0.definition.hasPool(of: wanted) }) else { return false }
      try book.remove(found.id)
      return true
    }
  }

  /// How many changes wait in the outbox for at least one capture.
  public func outboxSize() throws(StateError) -> Int {
    try read { (reader) throws(StateError) in
      try state { () throws(SQLiteError) in
        Int(try reader.value("SELECT count(*) FROM __weir_outbox")?.integer ?? 0)
      }
    }
  }

  /// The number of the newest change that was put into the outbox; 0 if there never was one.
  public func lastOutboxNumber() throws(StateError) -> Int64 {
    try inOutbox { (book) throws(StateError) in try book.lastNumber() }
  }

  /// What comes after a number in the outbox: at most `rows` rows and about `bytes` bytes.
  package func outbox(after number: Int64, rows: Int, bytes: Int) throws(StateError) -> OutboxBatch {
    try inOutbox { (book) throws(StateError) in try book.batch(after: number, rows: rows, bytes: bytes) }
  }

  /// Notes how far captures are, and drops what all of them have. Marks of captures that are no more are passed over.
  package func mark(_ marks: [CaptureMark]) throws(StateError) {
    try database.write { (connection) throws(StateError) in
      try core.transaction { () throws(StateError) in try CaptureBook(connection: connection).mark(marks) }
      core.outbox?.reset()
    }
  }

  /// Says what the newest number of a capture in its pool is, before anything is put there; where to go on, or nil if the capture is
  /// no more. Survives a loss of power, since what is put into the pool next depends on it.
  package func settle(_ id: Int64, newest: Int64?) throws(StateError) -> RegisteredCapture? {
    try database.write { (connection) throws(StateError) in
      let book = CaptureBook(connection: connection)
      return try core.durably { () throws(StateError) in
        guard let found = try book.all().first(where: { $0.id == id }) else { return nil }
        let settled = found.settled(newest: newest)
        if settled != found { try book.settle(settled) }
        return settled
      }
    }
  }

  /// Calls `body` after each commit that put something into the outbox, and after captures changed, while the writer waits. Nil takes it
  /// away.
  package func onOutbox(_ body: (() -> Void)?) { database.write { _ in core.outboxWatcher = body } }

  /// Reads captures and outbox as of one moment.
  private func inOutbox<R>(_ body: (CaptureBook) throws(StateError) -> R) throws(StateError) -> R {
    try read(until: .after(nanoseconds: Self.readerPatience)) { (reader) throws(StateError) in
      try reader.transaction(.deferred, failure: { StateError($0) }) { () throws(StateError) in
        try body(CaptureBook(connection: reader))
      }
    }
  }

  /// How long to wait for a reader: queries may have all of them.
  private static let readerPatience: Int64 = 5_000_000_000

  private func changeCaptures<R>(_ body: (WriterCore, CaptureBook) throws(StateError) -> R) throws(StateError) -> R {
    try database.write { (connection) throws(StateError) in
      let book = CaptureBook(connection: connection)
      let result = try core.durably { () throws(StateError) in try body(core, book) }
      core.outbox = try core.newOutbox(try book.all().map { $0.definition })
      core.outboxWatcher?()
      return result
    }
  }
}

extension WriterCore {
  /// The outbox for what these captures want; nil if there is none.
  func newOutbox(_ definitions: [CaptureDefinition]) throws(StateError) -> Outbox? {
    if definitions.isEmpty { return nil }
    return try Outbox(
      connection, definitions, tables, site: clocks.sites.local, bound: settings.outboxRows)
  }

  /// A transaction that survives a loss of power once it is committed.
  func durably<R>(_ body: () throws(StateError) -> R) throws(StateError) -> R {
    try state { () throws(SQLiteError) in try connection.setPragma("synchronous", "FULL") }
    defer { try? connection.setPragma("synchronous", "NORMAL") }
    return try transaction(body)
  }
}

extension CaptureDefinition {
  /// Whether both put into the same pool.
  func hasPool(of other: CaptureDefinition) -> Bool {
    pool.utf8.elementsEqual(other.pool.utf8) && directory.utf8.elementsEqual(other.directory.utf8)
  }
}
