internal import Channels

/// Puts the parts of messages together again. What is kept is bounded, whatever peers send.
struct PartCollector {
  /// A message whose parts are all there: the headers of the first part and the bodies of all.
  struct Whole {
    var headers: [UInt8]
    var body: [UInt8]
    /// Its parts were too many bytes, and are gone.
    var isTooLarge = false
  }

  enum Step {
    case incomplete
    case whole(Whole)
    /// The channel has begun more messages than are allowed to be unfinished.
    case tooMany
  }

  /// The most bytes that the body of one message may have.
  static let bodyLimit = 16 << 20
  /// The most bytes that all unfinished messages may have together.
  static let totalLimit = 64 << 20
  /// The most messages of one channel that may be unfinished.
  static let openLimit = 64

  private var open: [UInt16: [UInt64: Whole]] = [:]
  private var total = 0

  /// Takes a part.
  mutating func add(_ part: borrowing Message) -> Step {
    var parts = open[part.channel] ?? [:]
    let begun = parts.removeValue(forKey: part.id)
    if begun == nil, !part.hasMore {
      return .whole(Whole(headers: part.headerBytes.bytes, body: part.body.bytes))
    }
    if begun == nil, parts.count >= Self.openLimit { return .tooMany }
    var whole = begun ?? begin(part)
    extend(&whole, part.body)
    if part.hasMore {
      parts[part.id] = whole
      open[part.channel] = parts
      return .incomplete
    }
    open[part.channel] = parts
    total -= whole.headers.count + whole.body.count
    return .whole(whole)
  }

  private mutating func begin(_ part: borrowing Message) -> Whole {
    let whole = Whole(headers: part.headerBytes.bytes, body: [])
    total += whole.headers.count
    return whole
  }

  private mutating func extend(_ whole: inout Whole, _ bytes: RawSpan) {
    if whole.isTooLarge { return }
    guard whole.body.count + bytes.byteCount <= Self.bodyLimit, total + bytes.byteCount <= Self.totalLimit else {
      total -= whole.body.count
      whole.body = []
      whole.isTooLarge = true
      return
    }
    bytes.withUnsafeBytes { whole.body.append(contentsOf: $0) }
    total += bytes.byteCount
  }

  /// Forgets the unfinished messages of a channel that is gone.
  mutating func forget(_ channel: UInt16) {
    for whole in (open.removeValue(forKey: channel) ?? [:]).values {
      total -= whole.headers.count + whole.body.count
    }
  }
}
