/// Puts messages together that came in parts, within bounds. One thread at a time.
///
///     var collector = PartCollector()
///     while let message = try group.receive() {
///       switch try collector.add(message) {
///       case .message(let message): …           // it came whole, or is a notice
///       case .whole(let whole): …               // its last part came
///       case .waiting: continue
///       }
///     }
///
/// Parts belong together that have channel, operation and id in common; those of several messages may alternate. A message of
/// which a part is missing cannot be made: when the channel's final notice comes, its beginning is dropped.
public struct PartCollector: ~Copyable {
  /// What became of a message that was added.
  public enum Outcome: ~Copyable {
    /// It is no part of another: here it is again.
    case message(Message)
    /// It was the last part.
    case whole(CollectedMessage)
    /// More parts are to come.
    case waiting
  }

  /// Bytes that the parts of unfinished messages may have together.
  public let maximumBytes: Int
  /// Messages that may be unfinished at once.
  public let maximumMessages: Int

  private struct Open {
    var message: CollectedMessage
    /// Too long, or given up: the rest of its parts is dropped.
    var isDropped = false
  }

  private var open: [Open] = []
  private var bytes = 0
  /// Channels on which some part was dropped unseen: nothing in parts that comes from them can be trusted.
  private var lost: [UInt16] = []

  /// A collector with nothing in it.
  public init(maximumBytes: Int = 64 << 20, maximumMessages: Int = 64) {
    self.maximumBytes = maximumBytes
    self.maximumMessages = maximumMessages
  }

  /// Bytes that unfinished messages have so far.
  public var waitingBytes: Int { bytes }
  /// Messages that are unfinished.
  public var waitingMessages: Int { open.count }

  /// Takes a message that came.
  ///
  /// - Throws: `.tooManyBytes`, and the rest of this message is dropped as it comes; `.tooManyMessages`, and from then on for
  ///   every part on this channel, which had best be closed; `.abandoned`, when the sender gave the message up.
  public mutating func add(_ message: consuming Message) throws(PartError) -> Outcome {
    if message.isNotice {
      if message.status == .channelClosed, message.opCode == .signal { forget(channel: message.channel) }
      return .message(message)
    }
    let place = place(of: message)
    guard message.hasMore || place != nil else { return .message(message) }
    guard !lost.contains(message.channel) else { throw PartError(.tooManyMessages, message) }
    guard let place else { return try begin(message) }
    return try go(on: place, message)
  }

  /// Drops what came on this channel and is not finished.
  public mutating func forget(channel: UInt16) {
    for one in open where one.message.channel == channel { bytes -= one.message.byteCount }
    open.removeAll { $0.message.channel == channel }
    lost.removeAll { $0 == channel }
  }

  private func place(of message: borrowing Message) -> Int? {
    for (place, one) in open.enumerated() where one.message.isPart(message) { return place }
    return nil
  }

  private mutating func begin(_ message: consuming Message) throws(PartError) -> Outcome {
    guard open.count < maximumMessages else {
      lost.append(message.channel)
      throw PartError(.tooManyMessages, message)
    }
    var first = Open(message: CollectedMessage(message))
    let count = first.message.byteCount
    guard count <= maximumBytes - bytes else {
      first.isDropped = true
      first.message.drop()
      open.append(first)
      throw PartError(.tooManyBytes, message)
    }
    bytes += count
    open.append(first)
    return .waiting
  }

  private mutating func go(on place: Int, _ message: consuming Message) throws(PartError) -> Outcome {
    if open[place].isDropped {
      if !message.hasMore { open.remove(at: place) }
      return .waiting
    }
    if message.isAbandoned {
      drop(place)
      open.remove(at: place)
      throw PartError(.abandoned, message)
    }
    guard message.body.byteCount <= maximumBytes - bytes else {
      drop(place)
      if !message.hasMore { open.remove(at: place) }
      throw PartError(.tooManyBytes, message)
    }
    bytes += message.body.byteCount
    open[place].message.append(message.body)
    guard !message.hasMore else { return .waiting }
    let whole = open.remove(at: place).message
    bytes -= whole.byteCount
    return .whole(whole)
  }

  private mutating func drop(_ place: Int) {
    bytes -= open[place].message.byteCount
    open[place].message.drop()
    open[place].isDropped = true
  }
}

/// A message that came in parts, put together.
public struct CollectedMessage: Sendable {
  /// The channel that it came from.
  public let channel: UInt16
  /// What it is for.
  public let opCode: OpCode
  /// The id that all parts had.
  public let id: UInt64
  /// The text headers of the first part, as they are on the wire; `TextHeaders` reads them.
  public private(set) var headerBytes: [UInt8]
  /// The bodies of all parts, one behind the other.
  public private(set) var body: [UInt8]

  fileprivate init(_ first: borrowing Message) {
    channel = first.channel
    opCode = first.opCode
    id = first.id
    headerBytes = first.headerBytes.withUnsafeBytes { Array($0) }
    body = first.body.withUnsafeBytes { Array($0) }
  }

  fileprivate var byteCount: Int { headerBytes.count + body.count }

  fileprivate func isPart(_ message: borrowing Message) -> Bool {
    id == message.id && channel == message.channel && opCode == message.opCode
  }

  fileprivate mutating func append(_ more: RawSpan) { more.withUnsafeBytes { body.append(contentsOf: $0) } }

  fileprivate mutating func drop() {
    headerBytes = []
    body = []
  }
}

extension Message {
  fileprivate var isAbandoned: Bool {
    guard !hasMore, let value = headers.first(named: ReservedHeader.parts) else { return false }
    return ("abandoned" as StaticString).isSame(as: value)
  }
}

/// Why a message that comes in parts cannot be put together.
public struct PartError: Error, Sendable {
  /// The reasons.
  public enum Kind: UInt8, Sendable, CaseIterable {
    /// Unfinished messages would have more bytes than allowed.
    case tooManyBytes = 1
    /// More messages would be unfinished at once than allowed.
    case tooManyMessages
    /// The sender gave it up.
    case abandoned

    /// Its stable name in text.
    public var name: StaticString {
      switch self {
      case .tooManyBytes: "too_many_bytes"
      case .tooManyMessages: "too_many_messages"
      case .abandoned: "abandoned"
      }
    }

    /// One sentence for people, lower case, no full stop.
    public var text: StaticString {
      switch self {
      case .tooManyBytes: "a message in parts is longer than this side takes"
      case .tooManyMessages: "too many messages in parts came at once"
      case .abandoned: "the sender gave the message up"
      }
    }
  }

  /// The reason.
  public let kind: Kind
  /// The channel that it came from.
  public let channel: UInt16
  /// The id that all parts have.
  public let id: UInt64

  fileprivate init(_ kind: Kind, _ message: borrowing Message) {
    self.kind = kind
    channel = message.channel
    id = message.id
  }
}
