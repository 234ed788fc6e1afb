internal import Arguments
internal import Channels
internal import CommandSupport
internal import Documents
internal import JSON
internal import Lite3
internal import Platform
internal import Pools

/// Appends messages of peers to a pool, each once as far as that can be seen.
struct PoolIntake: ~Copyable {
  enum Outcome {
    case stored(UInt64)
    /// It was stored before.
    case duplicate
    case refused(Failure)
  }

  private let pool: Pool
  private let tags: [String]
  private let session: Session
  private var encoder = Lite3Encoder()
  private var parser = JSONParser()
  private var seen = SeenSequences()

  init(_ pool: Pool, tags: [String], _ session: Session) {
    self.pool = pool
    self.tags = tags
    self.session = session
  }

  /// Stores one message.
  mutating func store(_ whole: StorableMessage) -> Outcome {
    let origin = Origin(whole.headers)
    if let origin, seen.has(origin) { return .duplicate }
    do throws(Lite3Error) {
      try encode(whole)
    } catch {
      return .refused(Failure(.usage, error.message.text, hint: "Send smaller messages.", path: pool.path))
    }
    do throws(PoolError) {
      let sequence = try pool.append(encoder.bytes, time: session.now())
      if let origin { seen.note(origin) }
      return .stored(sequence)
    } catch {
      return .refused(Failure(error))
    }
  }

  /// As data if the body is a JSON object that can be stored, and else as an object around it.
  private mutating func encode(_ whole: StorableMessage) throws(Lite3Error) {
    let tags = tags + sentTags(whole.headers)
    do throws(Lite3Error) {
      return try encoder.encodeMessage(data: whole.body.span.bytes, tags: tags)
    } catch {
      if error.kind == .tooLarge { throw error }
    }
    var json = JSONWriter()
    json.beginObject()
    ReceivedText.write(body: whole.body.span.bytes, into: &json)
    ReceivedText.write(headers: whole.headers.span.bytes, into: &json)
    json.endObject()
    try encoder.encodeMessage(data: json.output.bytes, readableBeyond: json.output.readableBeyond, tags: tags)
  }

  /// What `send --from` says of a message's tags: a JSON array of strings.
  private mutating func sentTags(_ headers: [UInt8]) -> [String] {
    let all = TextHeaders(headers.span.bytes)
    guard let value = all.first(named: MirrorHeader.tags) else { return [] }
    do throws(JSONError) {
      return Self.strings(try parser.parse(value)) ?? []
    } catch {
      return []
    }
  }

  private static func strings(_ tape: borrowing JSONTape) -> [String]? {
    guard tape.kind(at: tape.root) == .array else { return nil }
    var texts: [String] = []
    var index = tape.root + 1
    let end = tape.next(after: tape.root) - 1
    while index < end {
      guard tape.kind(at: index) == .string, let text = tape.string(at: index).text else { return nil }
      texts.append(text)
      index = tape.next(after: index)
    }
    return texts
  }
}

/// The headers with which a message of a pool goes to another machine.
enum MirrorHeader {
  /// The pool, as its sender's user named it.
  static let pool: StaticString = "pool"
  /// A number that the sender chose when it started.
  static let run: StaticString = "run"
  /// The message's sequence number there; in the answer, that in the receiver's pool.
  static let sequence: StaticString = "seq"
  /// When it was appended there.
  static let time: StaticString = "time"
  /// Its tags, as a JSON array of strings.
  static let tags: StaticString = "tags"
  /// In an answer: why the message was not stored.
  static let error: StaticString = "error"
  /// In an answer: it had been stored before.
  static let duplicate: StaticString = "duplicate"
}

/// Which message of which pool a message is, if it says so.
struct Origin {
  /// One run of one sender on one pool.
  let source: [UInt8]
  let sequence: UInt64

  init?(_ headers: [UInt8]) {
    let all = TextHeaders(headers.span.bytes)
    guard let pool = all.first(named: MirrorHeader.pool), let run = all.first(named: MirrorHeader.run),
      let text = all.first(named: MirrorHeader.sequence)?.text, let sequence = UInt64(text)
    else { return nil }
    // A line end, which neither of them can have, keeps them apart.
    source = pool.bytes + [0x0A] + run.bytes
    self.sequence = sequence
  }
}

/// The last sequence that was stored of each source: senders repeat what they got no answer for.
struct SeenSequences {
  /// How many sources are remembered; beyond, the one that came first is forgotten.
  static let limit = 1024

  private var last: [[UInt8]: UInt64] = [:]
  private var order: [[UInt8]] = []

  func has(_ origin: Origin) -> Bool { last[origin.source].map { origin.sequence <= $0 } ?? false }

  mutating func note(_ origin: Origin) {
    if last.updateValue(origin.sequence, forKey: origin.source) == nil {
      order.append(origin.source)
      if order.count > Self.limit { last.removeValue(forKey: order.removeFirst()) }
    }
  }
}
