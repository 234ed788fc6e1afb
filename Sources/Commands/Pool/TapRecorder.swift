internal import CommandSupport
internal import Documents
internal import JSON
internal import Lite3
internal import Platform
internal import Pools

/// Stores what becomes of a wrapped command.
struct TapRecorder: ~Copyable {
  private static let batchMessages = 512
  private static let batchBytes = 256 << 10
  private static let lifecycle = ["lifecycle"]

  private let target: PoolTarget
  private let tags: [String]
  private let durability: Durability
  private let session: Session
  private var encoder = Lite3Encoder()
  private var batch = MessageBatch()

  init(_ target: PoolTarget, tags: [String], _ durability: Durability, _ session: Session) {
    self.target = target
    self.tags = tags
    self.durability = durability
    self.session = session
  }

  /// Bytes of the longest line that this pool could hold.
  var lineLimit: Int { Int(clamping: target.geometry.payloadLimit) }

  mutating func start(_ command: [String]) throws(CommandError) {
    let data = Report.object([("kind", .text("start")), ("cmd", .list(command.map { .text($0) }))])
    try add(data, Self.lifecycle)
    try flush()
  }

  mutating func line(_ bytes: [UInt8], stream: TapStream) throws(CommandError) {
    let data = Report.object([
      ("kind", .text("line")), ("line", .text(String(decoding: bytes, as: UTF8.self))), ("stream", .text(stream.name)),
    ])
    try add(data, tags)
  }

  mutating func exit(_ end: ChildProcess.End, elapsed: UInt64) throws(CommandError) {
    var members: [(String, Report)] = [("kind", .text("exit")), ("elapsed_ms", .whole(elapsed))]
    switch end {
    case .exited(let code):
      // Windows has codes of 32 bits without a sign.
      members.append(("code", .whole(UInt64(UInt32(bitPattern: code)))))
    case .signaled(let number):
      members.append(("signal", .text(ChildProcess.signalName(number) ?? "SIG\(number)")))
    }
    try add(.object(members), Self.lifecycle)
    try flush()
  }

  /// All that was added is stored when this returns.
  mutating func flush() throws(CommandError) {
    guard batch.count > 0 else { return }
    try remotely { () throws(Failure) in _ = try target.append(batch, durability) }
    batch.removeAll()
  }

  func overlong(_ stream: TapStream) -> CommandError {
    .failed(
      Failure(
        .usage, "a line on \(stream.name) is larger than the pool can hold",
        hint: "Make a larger pool with --create-size.", path: target.path))
  }

  private mutating func add(_ data: Report, _ tags: [String]) throws(CommandError) {
    do throws(Lite3Error) {
      try encoder.encodeMessage(data: data.line(.compact).output.bytes, tags: tags)
    } catch {
      throw .failed(Failure(.usage, error.message.text, hint: "Split the line into smaller ones.", path: target.path))
    }
    let isAlone = !target.takesBatches || encoder.bytes.byteCount > Self.batchBytes
    if isAlone {
      try flush()
      let document = encoder.bytes
      try remotely { () throws(Failure) in _ = try target.append(document, time: session.now(), durability) }
      return
    }
    let time = session.now()
    batch.add(encoder, time: time)
    let limit = min(Self.batchBytes, Int(clamping: target.geometry.ringSize / 8))
    if batch.count >= Self.batchMessages || batch.byteCount >= limit { try flush() }
  }
}
