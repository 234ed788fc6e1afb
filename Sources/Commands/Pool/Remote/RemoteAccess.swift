internal import CommandSupport
package import Documents
package import Platform
package import Pools

/// A pool of another machine, as the commands use one. They are handed it where the build has an HTTP client; this module does
/// not know how it works.
///
/// One thread at a time.
package struct RemoteAccess: Sendable {
  /// What the server gave a message.
  package struct Receipt: Sendable {
    package var sequence: UInt64
    /// Nanoseconds since 1970-01-01 UTC.
    package var time: UInt64

    package init(sequence: UInt64, time: UInt64) {
      self.sequence = sequence
      self.time = time
    }
  }

  /// What the server tells of the pool.
  package struct Info {
    /// Its file, on the server's machine.
    package var path: String
    package var info: PoolInfo
    /// All that it said, `name` and `path` among it.
    package var members: [(String, Report)]

    package init(path: String, info: PoolInfo, members: [(String, Report)]) {
      self.path = path
      self.info = info
      self.members = members
    }
  }

  /// Which messages to follow: from one on, through another if there is an end; and the newest that is known to be there.
  package struct Selection: Sendable {
    package var start: UInt64
    package var last: UInt64?
    package var newest: UInt64
  }

  package typealias Show = (_ document: RawSpan, _ sequence: UInt64, _ time: UInt64) -> Void

  /// As the user named it.
  package var text: String
  package var create: @Sendable (_ size: UInt64) throws(Failure) -> Info
  package var open: @Sendable () throws(Failure) -> Info
  package var info: @Sendable () throws(Failure) -> Info
  package var delete: @Sendable () throws(Failure) -> Void
  package var append: @Sendable (_ document: RawSpan, Durability) throws(Failure) -> Receipt
  package var fetch: @Sendable (_ sequence: UInt64, Show) throws(Failure) -> Void
  package var follow: @Sendable (Selection) throws(Failure) -> RemoteStream

  package init(
    text: String, create: @escaping @Sendable (UInt64) throws(Failure) -> Info,
    open: @escaping @Sendable () throws(Failure) -> Info, info: @escaping @Sendable () throws(Failure) -> Info,
    delete: @escaping @Sendable () throws(Failure) -> Void,
    append: @escaping @Sendable (RawSpan, Durability) throws(Failure) -> Receipt,
    fetch: @escaping @Sendable (UInt64, Show) throws(Failure) -> Void,
    follow: @escaping @Sendable (Selection) throws(Failure) -> RemoteStream
  ) {
    self.text = text
    self.create = create
    self.open = open
    self.info = info
    self.delete = delete
    self.append = append
    self.fetch = fetch
    self.follow = follow
  }
}

/// Messages of another machine's pool as they come. It ends when nobody holds it any more.
package struct RemoteStream: Sendable {
  /// What one call of `forEach` did.
  package struct Batch {
    /// Sequences that are gone without having been received; before the messages of this batch.
    package var gap: ClosedRange<UInt64>?
    package var caughtUp: Bool
    package var changes: [Change]

    package init(gap: ClosedRange<UInt64>?, caughtUp: Bool, changes: [Change]) {
      self.gap = gap
      self.caughtUp = caughtUp
      self.changes = changes
    }
  }

  /// What became of the connection.
  package enum Change {
    /// It is lost and tried again.
    case lost(Failure)
    case regained
  }

  package typealias Take = (_ document: RawSpan, _ sequence: UInt64, _ time: UInt64) -> Bool

  /// Passes on what has come, until the closure returns false.
  package var forEach: @Sendable (Take) throws(Failure) -> Batch
  /// Sleeps until there is more, `wake`, or the deadline.
  package var wait: @Sendable (Deadline) -> Void
  /// Ends a wait; from any thread.
  package var wake: @Sendable () -> Void

  package init(
    forEach: @escaping @Sendable (Take) throws(Failure) -> Batch, wait: @escaping @Sendable (Deadline) -> Void,
    wake: @escaping @Sendable () -> Void
  ) {
    self.forEach = forEach
    self.wait = wait
    self.wake = wake
  }
}

/// Makes access to pools of other machines.
package struct RemoteMaker: Sendable {
  /// Who one is there, and whom one takes for the server.
  package struct Settings: Sendable {
    package var token: String?
    /// Files in PEM.
    package var authorities: String?
    package var certificate: String?
    package var key: String?
    /// What the server's certificate or key must be.
    package var pin: String?
    /// Take any certificate.
    package var skipsVerification = false

    package init() {}
  }

  /// A row of a server's list.
  package struct Row {
    package var name: String
    package var path: String
    package var outcome: Result<RemoteAccess.Info, Failure>

    package init(name: String, path: String, outcome: Result<RemoteAccess.Info, Failure>) {
      self.name = name
      self.path = path
      self.outcome = outcome
    }
  }

  /// A pool: `http(s)://HOST:PORT/POOL`. Usage for what is no such reference.
  package var pool: @Sendable (String, Settings) throws(Failure) -> RemoteAccess
  /// All pools of a server: `http(s)://HOST:PORT`.
  package var list: @Sendable (String, Settings) throws(Failure) -> [Row]
  /// Whether what is sent there can be read on the way: without TLS, to another machine.
  package var isExposed: @Sendable (String) -> Bool

  package init(
    pool: @escaping @Sendable (String, Settings) throws(Failure) -> RemoteAccess,
    list: @escaping @Sendable (String, Settings) throws(Failure) -> [Row],
    isExposed: @escaping @Sendable (String) -> Bool
  ) {
    self.pool = pool
    self.list = list
    self.isExposed = isExposed
  }
}

/// Runs `body`, and carries its error on as a `CommandError`.
func remotely<Value>(_ body: () throws(Failure) -> Value) throws(CommandError) -> Value {
  do throws(Failure) { return try body() } catch { throw .failed(error) }
}
