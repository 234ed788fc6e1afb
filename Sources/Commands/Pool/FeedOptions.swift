internal import Arguments
internal import CommandSupport
internal import Pools

/// What `feed` was asked to do, checked.
struct FeedOptions {
  enum Source {
    case text(String)
    case file(String)
    case standardInput
  }

  let source: Source
  /// nil sniffs.
  let format: IngestFormat?
  let skipsErrors: Bool
  let tags: [String]
  /// Never take a record for a whole message.
  let isData: Bool
  let durability: Durability
  let retry: Retry
  /// nil: the pool has to be there.
  let createSize: UInt64?
  /// Print nothing of what is stored.
  let isSilent: Bool

  init(_ invocation: Invocation) throws(CommandError) {
    source = try Self.source(invocation)
    format = try Self.format(invocation.value(FeedCommand.inputFormat))
    skipsErrors = invocation.value(FeedCommand.errors)?.hasSameBytes(as: "skip") ?? false
    tags = invocation.values(FeedCommand.tag)
    isData = invocation.has(FeedCommand.data)
    durability = try Self.durability(invocation.value(FeedCommand.durability))
    retry = try Self.retry(invocation)
    let size = invocation.value(FeedCommand.createSize)
    createSize =
      size != nil || invocation.has(FeedCommand.create) ? try PoolCreateCommand.size(size) : nil
    isSilent = false
  }

  /// What `duplex` does with its input: objects as they are, until one is wrong.
  static let sending = FeedOptions()

  private init() {
    source = .standardInput
    format = nil
    skipsErrors = false
    tags = []
    isData = false
    durability = .fast
    retry = Retry(attempts: 0, delay: 0)
    createSize = nil
    isSilent = true
  }

  private static func source(_ invocation: Invocation) throws(CommandError) -> Source {
    let file = invocation.value(FeedCommand.file)
    if let text = invocation.value(FeedCommand.text) {
      guard file == nil else {
        throw .usage("multiple data inputs provided", hint: "Give DATA or --file, not both. Try `weir feed --help`.")
      }
      return .text(text)
    }
    guard let file, !file.hasSameBytes(as: "-") else { return .standardInput }
    return .file(file)
  }

  private static func format(_ name: String?) throws(CommandError) -> IngestFormat? {
    guard let name, !name.hasSameBytes(as: "auto") else { return nil }
    for (spelling, format) in formats where spelling.hasSameBytes(as: name) { return format }
    throw .usage(
      "the input format \(name) is not supported yet", hint: "Convert it to JSON first. Try `weir feed --help`.")
  }

  private static let formats: [(String, IngestFormat)] = [
    ("json", .json), ("jsonl", .jsonLines), ("jq", .json), ("seq", .sequence), ("sse", .events),
  ]

  static func durability(_ name: String?) throws(CommandError) -> Durability {
    guard let name, !name.hasSameBytes(as: "fast") else { return .fast }
    if name.hasSameBytes(as: "flush") { return .flush }
    throw .usage("invalid durability", hint: "Use --durability fast or --durability flush.")
  }

  private static func retry(_ invocation: Invocation) throws(CommandError) -> Retry {
    var attempts: UInt64 = 0
    var delay: UInt64 = 50_000_000
    if let text = invocation.value(FeedCommand.retry) {
      attempts = try reading { () throws(ValueError) in try Number.parse(text, for: FeedCommand.retry) }
    }
    if let text = invocation.value(FeedCommand.retryDelay) {
      guard attempts > 0 else {
        throw .usage("--retry-delay requires --retry", hint: "Give --retry N with N above 0.")
      }
      delay = try reading { () throws(ValueError) in try Span.parse(text) }
    }
    return Retry(attempts: attempts, delay: delay)
  }
}
