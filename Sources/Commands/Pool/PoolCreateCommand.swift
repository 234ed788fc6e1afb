internal import Arguments
internal import CommandSupport
internal import Documents
internal import Pools

/// `weir pool create`
enum PoolCreateCommand {
  static let names = Positional(
    "NAME", .oneOrMore, "The pools to make: names in the pool directory, paths, or http(s)://HOST:PORT/POOL",
    source: .anything)
  static let size = Option.value("size", "SIZE", "Bytes of the whole file: a number with an optional K, M or G").with {
    $0.fallback = "1M"
  }
  static let indexCapacity = Option.value("index-capacity", "SLOTS", "Slots of the index; 0 makes none").with {
    $0.details =
      "The index finds a message by its sequence number in one step. Without this option the size decides: one slot for every"
      + " 256 bytes, 65536 at most."
  }

  /// - Parameter remote: Makes access to pools of other machines; nil where the build cannot.
  static func command(_ remote: RemoteMaker?) -> ProgramCommand {
    description.with {
      $0.action = Action { (invocation, session) throws(CommandError) in try run(invocation, session, remote) }
    }
  }

  private static let description = ProgramCommand("create", "Make new pools").with {
    $0.details = """
      Makes one pool file for each name, and the pool directory if it is missing. The file has its full size from the beginning \
      and never grows: when the ring is full, the oldest messages give way to new ones.

      Stops at the first name that cannot be made; the pools before it stay.
      """
    $0.positionals = [names]
    $0.options = [size, indexCapacity] + RemoteOptions.all + [Globals.json]
    $0.examples = [
      ProgramCommand.Example("a pool of the default size", "weir pool create events"),
      ProgramCommand.Example("two larger ones", "weir pool create --size 64M orders payments"),
    ]
  }

  private static func run(
    _ invocation: Invocation, _ session: Session, _ remote: RemoteMaker?
  ) throws(CommandError) -> ExitCode {
    try RemoteOptions.refuse(invocation, unlessOneOf: invocation.values(names))
    let size = try size(invocation.value(size))
    let capacity = try capacity(invocation.value(indexCapacity), fileSize: size)
    var made: [PoolDescription] = []
    do throws(CommandError) {
      for name in invocation.values(names) {
        made.append(try make(name, size, capacity, invocation, session, remote))
      }
    } catch {
      if !made.isEmpty { try show(made, in: session) }
      throw error
    }
    try show(made, in: session)
    return .success
  }

  private static func make(
    _ name: String, _ size: UInt64, _ capacity: UInt32?, _ invocation: Invocation, _ session: Session,
    _ remote: RemoteMaker?
  ) throws(CommandError) -> PoolDescription {
    guard PoolReference.isRemote(name) else {
      let reference = try PoolReference(name, in: session)
      let pool = try storing { () throws(PoolError) in
        try Pool.create(at: reference.path, size: size, indexCapacity: capacity)
      }
      return try PoolDescription(reference, pool, now: session.now())
    }
    guard capacity == nil else {
      throw .usage(
        "remote pool create does not support --index-capacity", hint: "Leave it out: the server chooses by the size.")
    }
    let access = try PoolPlace.remote(name, invocation, session, remote)
    try Stopping.beginEndingAtOnce()
    let info = try remotely { () throws(Failure) in try access.create(size) }
    return PoolDescription(access, info, now: session.now())
  }

  static func size(_ text: String?) throws(CommandError) -> UInt64 {
    guard let text else { return PoolLimits.defaultFileSize }
    return try reading { () throws(ValueError) in try ByteSize.parse(text) }
  }

  /// An index that was asked for may take half of the file, at 16 bytes a slot.
  private static func capacity(_ text: String?, fileSize: UInt64) throws(CommandError) -> UInt32? {
    guard let text else { return nil }
    let number = try reading { () throws(ValueError) in try Number.parse(text, for: indexCapacity) }
    guard let capacity = UInt32(exactly: number), number * 16 <= fileSize / 2 else {
      throw .usage(
        "index capacity is too large for pool size",
        hint: "Leave --index-capacity out, or give at most \(fileSize / 32) slots for this size.")
    }
    return capacity
  }

  private static func show(_ made: [PoolDescription], in session: Session) throws(CommandError) {
    try session.print(
      .object([("created", .list(made.map { $0.report }))]), prose: { prose(made, session) },
      plain: { plain(made, session) })
  }

  private static func prose(_ made: [PoolDescription], _ session: Session) -> String {
    guard let first = made.first else { return "" }
    let size = HumanFormat.size(first.info.geometry.fileSize)
    if made.count == 1 {
      return
        "Created \(first.name) (\(size), \(first.info.geometry.indexCapacity) index slots)\n  path: \(first.path)\n"
    }
    return "Created \(made.count) pools (\(size) each)\n"
      + made.map { "  - \($0.name) (\(session.shown($0.path)))\n" }.joinedText("")
  }

  private static func plain(_ made: [PoolDescription], _ session: Session) -> String {
    var table = Table(["NAME", "SIZE", "INDEX", "PATH"])
    for pool in made {
      let geometry = pool.info.geometry
      table.add([
        pool.name, HumanFormat.size(geometry.fileSize), "\(geometry.indexCapacity)", session.shown(pool.path),
      ])
    }
    return table.text
  }
}
