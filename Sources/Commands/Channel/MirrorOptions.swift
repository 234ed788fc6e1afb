internal import Arguments
internal import CommandSupport
internal import Documents
internal import Pools

/// What `send --from` was asked to do, checked.
struct MirrorOptions {
  let reference: PoolReference
  let pool: Pool
  let start: Cursor.Start
  /// Messages appended before are left out, in nanoseconds since 1970-01-01 UTC.
  let since: UInt64
  let resumeFile: String?
  /// The last sequence that an earlier run delivered, as the resume file says.
  let resumed: UInt64?
  let follows: Bool
  /// Whether `--timeout` was given: without it a follower never gives up.
  let hasTimeout: Bool

  /// Nil without `--from`.
  init?(_ invocation: Invocation, _ session: Session) throws(CommandError) {
    guard let name = invocation.value(SendCommand.from) else { return nil }
    reference = try PoolReference(name, in: session)
    let pool = try reference.open(missing: "Try `weir pool list`.")
    self.pool = pool
    resumeFile = invocation.value(SendCommand.resumeFile)
    follows = invocation.has(SendCommand.follow)
    hasTimeout = invocation.has(SendCommand.timeout)
    var start = Cursor.Start.oldest
    var since: UInt64 = 0
    if let text = invocation.value(SendCommand.since) { since = try Since.parse(text, now: session.now()) }
    if let text = invocation.value(SendCommand.fromSequence) {
      start = .sequence(try reading { () throws(ValueError) in try Number.parse(text, for: SendCommand.fromSequence) })
    }
    resumed = try resumeFile.flatMap { (path) throws(CommandError) in try Self.delivered(path, pool) }
    if let resumed {
      start = .sequence(resumed &+ 1)
      since = 0
    }
    self.start = start
    self.since = since
  }

  /// The number in the file; nil if there is no file.
  private static func delivered(_ path: String, _ pool: Pool) throws(CommandError) -> UInt64? {
    guard let text = try SmallFile.read(path, limit: 64) else { return nil }
    guard let number = UInt64(text) else {
      throw .failed(
        Failure(.usage, "the resume file does not hold a number", hint: "Name another file, or delete it.", path: path))
    }
    let newest = try storing { () throws(PoolError) in try pool.bounds() }?.upperBound ?? 0
    guard number <= newest else {
      throw .failed(
        Failure(
          .usage, "the resume file is ahead of the pool",
          hint: "If the pool was made anew, delete the file. The newest message is \(newest).", path: path,
          sequence: number))
    }
    return number
  }
}
