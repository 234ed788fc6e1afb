internal import Arguments
internal import CommandSupport
internal import Documents
internal import Gateway
internal import Pools

/// `weir access`
enum AccessCommands {
  static let command = ProgramCommand("access", "Make, list and revoke keys for `weir serve`").with {
    $0.details = """
      An access key opens a server to one program or person: for some pools or all, for reading, writing or both, for a time or \
      for good. Clients send it as they send the token. Keys belong to a pool directory; a server that runs notices a new or \
      revoked one within two seconds, and ends what a revoked one has open.

      Only hashes of keys are kept, in the file .weir-keys.json of the pool directory.
      """
    $0.subcommands = [
      AccessCreateCommand.command("create"), AccessListCommand.command("list"), AccessRevokeCommand.command,
      // As other servers call them.
      AccessCreateCommand.command("invite").with { $0.isHidden = true },
      AccessListCommand.command("keys").with { $0.isHidden = true },
    ]
    $0.examples = [
      ProgramCommand.Example("a key for a sensor", "weir access create sensor-7 --pool sensor-7 --write"),
      ProgramCommand.Example("see all keys", "weir access list"),
    ]
  }

  static func store(_ session: Session) throws(CommandError) -> KeyStore {
    KeyStore(directory: try session.poolDirectory())
  }

  /// `active`, `expired` or `revoked`.
  static func state(_ key: AccessKey, now: UInt64) -> String {
    if key.isRevoked { return "revoked" }
    return key.isValid(at: now) ? "active" : "expired"
  }

  static func pools(_ key: AccessKey) -> String { key.pools.map { $0.text }.joinedText(", ") }

  /// A time in whole seconds.
  static func time(_ nanoseconds: UInt64) -> String { timestamp(nanoseconds / 1_000_000_000 * 1_000_000_000) }
}

/// `weir access create`
enum AccessCreateCommand {
  static let name = Positional("NAME", .required, "Who will use the key; for you to read")
  static let pool = Option.values("pool", "PATTERN", "Only these pools: a name, or a beginning and *; may be repeated")
    .with {
      $0.fallback = "*"
      $0.source = .pool
    }
  static let read = Option.flag("read", "Allow reading; without --write nothing else")
  static let write = Option.flag("write", "Allow appending, making and deleting pools; without --read nothing else")
  static let expires = Option.value("expires", "WHEN", "When the key stops to work").with {
    $0.fallback = "never"
    $0.details = "A time from now (90m, 12h, 30d), an RFC 3339 timestamp, or never."
  }
  static let output = Option.value("output", "FILE", "Write the key to a new file that only you may read").with {
    $0.source = .file
    $0.details = "The file is fit for --token-file of the clients. The key is then not shown."
  }

  static func command(_ word: String) -> ProgramCommand {
    ProgramCommand(word, "Make an access key").with {
      $0.details = "The key is shown this once: only a hash of it is kept. Without --read and --write it is for both."
      $0.positionals = [name]
      $0.options = [pool, read, write, expires, output, Globals.json]
      $0.examples = [
        ProgramCommand.Example("for everything", "weir access create alice"),
        ProgramCommand.Example(
          "to read some pools, for a month", "weir access create report --pool 'sensor-*' --read --expires 30d"),
        ProgramCommand.Example(
          "into a file for a client", "weir access create sensor-7 --pool sensor-7 --write --output sensor-7.key"),
      ]
      $0.action = Action(run)
    }
  }

  static func run(_ invocation: Invocation, _ session: Session) throws(CommandError) -> ExitCode {
    let now = session.now()
    var patterns: [PoolPattern] = []
    for text in invocation.values(pool) {
      let pattern = try serving { () throws(Failure) in try PoolPattern(parsing: text) }
      if !patterns.contains(pattern) { patterns.append(pattern) }
    }
    let wanted = patterns.isEmpty ? [.all] : patterns
    let end = try invocation.value(expires).flatMap { (text) throws(CommandError) in try Lifetime.end(text, now: now) }
    let permissions = permissions(invocation)
    let store = try AccessCommands.store(session)
    let path = invocation.value(output)
    if let path { try requireAbsence(path) }
    let userName = invocation.value(name) ?? ""
    let (key, secret) = try serving { () throws(Failure) in
      try store.create(userName, pools: wanted, permissions: permissions, now: now, expires: end)
    }
    if let path { try write(secret, to: path, key, store) }
    try session.print(
      .object(key.members + [path.map { ("path", .text($0)) } ?? ("access_key", .text(secret))]),
      prose: { prose(key, secret, path) }, plain: { plain(key, secret, path) })
    return .success
  }

  private static func permissions(_ invocation: Invocation) -> AccessKey.Permissions {
    switch (invocation.has(read), invocation.has(write)) {
    case (true, false): .read
    case (false, true): .write
    default: [.read, .write]
    }
  }

  private static func requireAbsence(_ path: String) throws(CommandError) {
    guard SmallFile.exists(path) else { return }
    throw .failed(
      Failure(.alreadyExists, "the output file already exists", hint: "Choose another name for --output.", path: path))
  }

  private static func write(
    _ secret: String, to path: String, _ key: AccessKey, _ store: KeyStore
  ) throws(CommandError) {
    do throws(Failure) {
      try PrivateFile.create(path, "the key", with: Array((secret + "\n").utf8))
    } catch {
      // Nobody has it.
      _ = try? store.revoke(key.id)
      throw .failed(error)
    }
  }

  private static func prose(_ key: AccessKey, _ secret: String, _ path: String?) -> String {
    let shown =
      path.map { "The key is in \($0). It is kept nowhere else.\n" }
      ?? "This is the key. It is shown only now:\n\n\(secret)\n"
    return """
      Made access key \(key.id) for \(key.name).
        pools:    \(AccessCommands.pools(key))
        allows:   \(key.permissions.names.joinedText(", "))
        expires:  \(key.expires.map(AccessCommands.time) ?? "never")
      \(shown)
      """
  }

  private static func plain(_ key: AccessKey, _ secret: String, _ path: String?) -> String {
    "Id: \(key.id)\n" + (path.map { "Path: \($0)\n" } ?? "Key: \(secret)\n")
  }
}

/// `weir access list`
enum AccessListCommand {
  static func command(_ word: String) -> ProgramCommand {
    ProgramCommand(word, "List the access keys").with {
      $0.details = "Lists all keys of the pool directory, oldest first, also those that have expired or were revoked."
      $0.options = [Globals.json]
      $0.examples = [ProgramCommand.Example("all keys", "weir access list")]
      $0.action = Action(run)
    }
  }

  static func run(_ invocation: Invocation, _ session: Session) throws(CommandError) -> ExitCode {
    let store = try AccessCommands.store(session)
    let keys = try serving { () throws(Failure) in try store.keys() }
    let now = session.now()
    try session.print(
      .object([("keys", .list(keys.map { .object($0.members) }))]),
      prose: { keys.isEmpty ? "No access keys.\nMake one with `weir access create NAME`.\n" : table(keys, now) },
      plain: { table(keys, now) })
    return .success
  }

  private static func table(_ keys: [AccessKey], _ now: UInt64) -> String {
    var table = Table(["ID", "NAME", "STATE", "POOLS", "ALLOWS", "CREATED", "EXPIRES"])
    for key in keys {
      table.add([
        key.id, key.name, AccessCommands.state(key, now: now), AccessCommands.pools(key),
        key.permissions.names.joinedText(", "), AccessCommands.time(key.created),
        key.expires.map(AccessCommands.time) ?? "never",
      ])
    }
    return table.text
  }
}

/// `weir access revoke`
enum AccessRevokeCommand {
  static let id = Positional("ID", .required, "The key's id, as `weir access list` shows it")

  static let command = ProgramCommand("revoke", "Take an access key back").with {
    $0.details = "The key stops to work for good, and what is open with it ends. Revoking it once more changes nothing."
    $0.positionals = [id]
    $0.options = [Globals.json]
    $0.examples = [ProgramCommand.Example("one key", "weir access revoke 0123456789abcdef")]
    $0.action = Action(run)
  }

  static func run(_ invocation: Invocation, _ session: Session) throws(CommandError) -> ExitCode {
    let store = try AccessCommands.store(session)
    let wanted = invocation.value(id) ?? ""
    let key = try serving { () throws(Failure) in try store.revoke(wanted) }
    let line = "Revoked access key \(key.id) of \(key.name).\n"
    try session.print(
      .object([("id", .text(key.id)), ("revoked", .bool(true))]), prose: { line }, plain: { line })
    return .success
  }
}
