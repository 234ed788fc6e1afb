internal import Channels
internal import CommandSupport
internal import Documents
internal import JSON
internal import Lite3
internal import Platform
internal import Pools

/// Messages of a pool as text, to be sent after the pool's lock was given back.
struct MirrorText: ~Copyable {
  struct Entry {
    let sequence: UInt64
    /// Nanoseconds since 1970-01-01 UTC.
    let time: UInt64
    /// A JSON array of strings; nil without tags.
    let tags: String?
    let text: Range<Int>
    /// False for a message that is passed over.
    let isWanted: Bool
  }

  private var writer = Lite3JSONWriter()
  private var output = ByteWriter(capacity: 4096)
  private var entries: [Entry] = []

  var count: Int { entries.count }
  var byteCount: Int { output.count }

  mutating func removeAll() {
    output.removeAll()
    output.shrink(above: 4 << 20)
    entries.removeAll(keepingCapacity: true)
  }

  /// The data of all messages, one behind the other.
  var all: String { output.withUnsafeBytes { String(decoding: $0, as: UTF8.self) } }

  func entry(_ index: Int) -> Entry { entries[index] }

  /// Posts the data of a message, one JSON object.
  func post(
    _ entry: Entry, by poster: inout BodyPoster, _ headers: [Header], until deadline: Deadline
  ) throws(ChannelError) {
    try poster.post(output.bytes.extracting(entry.text), headers, until: deadline)
  }

  /// Adds a message.
  mutating func add(_ frame: borrowing Frame, isWanted: Bool) throws(Lite3Error) {
    let start = output.count
    var tags: String?
    if isWanted {
      tags = try Self.tags(frame.payload)
      try writer.writeData(ofMessage: frame.payload, into: &output)
    }
    entries.append(
      Entry(
        sequence: frame.sequence, time: frame.time, tags: tags, text: start..<output.count, isWanted: isWanted))
  }

  private static func tags(_ payload: RawSpan) throws(Lite3Error) -> String? {
    let root = try Lite3Document(payload).root()
    guard let meta = try root.member("meta"), let tags = try meta.member("tags"), tags.count > 0 else { return nil }
    var json = JSONWriter()
    json.beginArray()
    for index in 0..<tags.count {
      guard let tag = try tags.element(index), let text = tag.string else { continue }
      json.value(utf8: text)
    }
    json.endArray()
    return json.output.withUnsafeBytes { String(decoding: $0, as: UTF8.self) }
  }
}

extension Header {
  init(_ name: StaticString, _ value: String) {
    self.name = name.text
    self.value = value
  }
}
