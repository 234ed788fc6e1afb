internal import Arguments
internal import CommandSupport
internal import Documents
internal import JSON
internal import Platform
internal import Pools

/// `weir feed`
enum FeedCommand {
  static let text = Positional(
    "DATA", .optional, "One JSON object; without it records come from --file or standard input")
  static let tag = Option.values("tag", short: "t", "TAG", "Tag every message; may be repeated")
  static let file = Option.value("file", short: "f", "PATH", "Read records from a file; - is standard input").with {
    $0.source = .file
  }
  static let data = Option.flag("data", "Store every record as data, even one that looks like a whole message")
  static let inputFormat = Option.value("input-format", short: "i", "FORMAT", "How the input is cut into records").with
  {
    $0.choices = ["auto", "json", "jsonl", "seq", "sse"]
    $0.hiddenChoices = ["jq", "yaml", "lite3", "lite3-raw"]
    $0.hiddenNames = ["in"]
    $0.fallback = "auto"
    $0.details = """
      auto looks at the beginning of the input. json: objects one after the other, on one line or many. jsonl: one object a \
      line. seq: RFC 7464, each object after the byte 0x1E. sse: server-sent events, the data of each event is one object.
      """
  }
  static let errors = Option.value("errors", short: "e", "WHAT", "What to do with a record that cannot be stored").with
  {
    $0.choices = ["stop", "skip"]
    $0.fallback = "stop"
    $0.details = """
      stop ends with an error; records before it are stored. skip leaves the record out, tells of it on standard error, goes \
      on, and ends with exit code 1 if any was left out.
      """
  }
  static let durability = Option.value("durability", "LEVEL", "What a stored message survives").with {
    $0.fallback = "fast"
    $0.choices = ["fast", "flush"]
    $0.checksChoices = false
    $0.details = "fast: the end of this process. flush: also a loss of power; every message then waits for the disk."
  }
  static let create = Option.flag("create", "Make the pool if it is missing")
  static let createSize = Option.value("create-size", "SIZE", "The size of the pool if it is made; implies --create")
  static let retry = Option.value("retry", "N", "Try again N times while the pool is busy").with { $0.fallback = "0" }
  static let retryDelay = Option.value("retry-delay", "DURATION", "Wait between these attempts: 250ms, 5s").with {
    $0.fallback = "50ms"
  }

  /// - Parameter remote: Makes access to pools of other machines; nil where the build cannot.
  static func command(_ remote: RemoteMaker?) -> ProgramCommand {
    description.with {
      $0.action = Action { (invocation, session) throws(CommandError) in try run(invocation, session, remote) }
    }
  }

  private static let description = ProgramCommand("feed", "Append messages to a pool").with {
    $0.details = """
      Stores one message for each JSON object of the input, and prints each as it is in the pool: one compact line in a pipe, \
      indented on a terminal. A record is stored as soon as it is there, whatever the speed of its producer; when input comes \
      faster, many are stored at once.

      A record with exactly the members seq, time, meta and data is taken for a whole message, as follow prints them: its data \
      and tags are kept, so that `weir follow a | weir feed b` copies messages.

      When asked to stop (Ctrl-C, SIGTERM), feed stores what it has read and ends with exit code 130 or 143, after ten seconds \
      at the latest. When nobody reads its output any more it ends quietly, and the rest of the input is not stored.

      A pool of another machine is named by its address: http(s)://HOST:PORT/POOL. Its server is sent one record after the other. \
      When a connection breaks before the server has answered, nobody knows whether it stored the record: that is an error.
      """
    $0.positionals = [PoolPlace.argument, text]
    $0.options =
      [
        tag, file, inputFormat, errors, data, create, createSize, durability, retry, retryDelay,
      ] + RemoteOptions.all + [Globals.json, Globals.jsonLines]
    $0.examples = [
      ProgramCommand.Example("one message", "weir feed events '{\"kind\":\"login\",\"user\":7}' --tag audit"),
      ProgramCommand.Example(
        "the output of a command, line by line", "journalctl -f -o json | weir feed journal --create"),
      ProgramCommand.Example("a file, leaving broken lines out", "weir feed events --file old.jsonl --errors skip"),
      ProgramCommand.Example("copy a pool", "weir follow events --no-follow | weir feed archive --create"),
      ProgramCommand.Example(
        "to another machine", "weir feed https://pools.example:9700/events --token-file token '{\"hello\":\"world\"}'"),
    ]
  }

  private static func run(
    _ invocation: Invocation, _ session: Session, _ remote: RemoteMaker?
  ) throws(CommandError) -> ExitCode {
    let options = try FeedOptions(invocation)
    let place = try PoolPlace(invocation.value(PoolPlace.argument) ?? "", invocation, session, remote)
    // Before the first connection has threads of its own.
    if case .remote = place { try Stopping.begin() }
    let target = try PoolTarget.open(
      place, createSize: options.createSize, missing: missingHint(place.label, invocation))
    let feeder = Feeder(options, target, session)
    switch options.source {
    case .text(let text):
      var feeder = feeder
      try store(text, &feeder)
      return .success
    case .file(let path): return try pump(file: path, options, feeder, place.label, session)
    case .standardInput:
      return try feed(from: File.standardInput(), path: nil, options, feeder, place.label, session)
    }
  }

  private static func missingHint(_ pool: PoolLabel, _ invocation: Invocation) -> String {
    "Create it with `weir pool create \(CommandLineText.quoted(pool.text))`, or let feed do it: "
      + RemoteOptions.repeated(invocation, adding: "--create") + "."
  }

  // MARK: One record

  private static func store(_ text: String, _ feeder: inout Feeder) throws(CommandError) {
    let bytes = Array(text.utf8)
    do throws(FeedFault) {
      try feeder.add(bytes.span.bytes, readableBeyond: 0)
    } catch {
      switch error {
      case .refused(let problem): throw .failed(problem.error(line: nil))
      case .failed(let error): throw error
      }
    }
    try feeder.flush()
  }

  // MARK: Many records

  private static func pump(
    file path: String, _ options: FeedOptions, _ feeder: consuming Feeder, _ pool: PoolLabel,
    _ session: Session
  ) throws(CommandError) -> ExitCode {
    let file: File
    do throws(SystemError) {
      file = try File(path, .read)
    } catch {
      throw cannotRead(path, error)
    }
    return try feed(from: file, path: path, options, feeder, pool, session)
  }

  private static func feed(
    from file: consuming File, path: String?, _ options: FeedOptions, _ feeder: consuming Feeder,
    _ label: PoolLabel, _ session: Session
  ) throws(CommandError) -> ExitCode {
    try Stopping.begin()
    let pump: InputPump
    do throws(SystemError) {
      pump = try InputPump.start(file)
    } catch {
      throw .failed(Failure(.internal, "failed to start reading", causes: [error.message]))
    }
    var reader = IngestReader(options, feeder, label, session)
    switch try reader.run({ (waits) in pump.next(waits: waits) }, recycle: { pump.recycle($0) }) {
    case .end: return reader.hasSkipped ? ExitCode(1) : .success
    case .stopped(let reason): return Stopping.code(reason)
    case .failed(let error): throw cannotRead(path, error)
    }
  }

  private static func cannotRead(_ path: String?, _ error: SystemError) -> CommandError {
    .failed(
      Failure(
        .io, "failed to read data file", hint: "Check that the file exists and may be read.", path: path,
        causes: [error.message]))
  }
}
