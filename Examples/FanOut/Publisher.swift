import Channels
import Platform

/// Sends every message to every subscriber, and waits for none that does not keep up.
///
/// Each channel has a send queue with a bound of its own. Posting with `.refuse` says at once when one is full, so what to do is
/// a choice: leave the message out, or the subscriber.
struct Publisher {
  enum Policy: String { case skip, close }

  /// How far ahead of those that set the pace it may be. So many messages fit into a queue: whoever keeps up misses nothing.
  static let window: UInt64 = 32
  static let bodyBytes = 16 << 10
  static let patience: Int64 = 30_000_000_000

  private let policy: Policy
  private let engine: Engine
  private let group: ChannelGroup
  /// The newest message that each subscriber has confirmed.
  private var confirmed: [UInt16: UInt64] = [:]
  private var published: UInt64 = 0
  /// Messages that were left out for somebody.
  private(set) var skipped: UInt64 = 0

  init(_ policy: Policy) throws(ChannelError) {
    self.policy = policy
    var options = EngineOptions()
    options.sendQueueBytes = 2 * Int(Self.window) * Self.bodyBytes
    engine = try Engine(options)
    group = try engine.makeGroup()
  }

  func listen() throws(ChannelError) -> ChannelAddress {
    try group.listen(at: .tcp(host: "127.0.0.1", port: 0))
    while let message = try group.receive(until: .after(nanoseconds: Self.patience)) {
      if let address = message.boundAddress { return address }
      if let reason = message.closeReason { throw ChannelError(.failed, "cannot listen: \(reason.text)") }
    }
    throw ChannelError(.timedOut, "cannot listen")
  }

  /// Publishes until somebody was left behind for fifty messages, which went to the others all the same. Returns how many.
  mutating func publish(to subscribers: Int, atThePaceOf quorum: Int) throws(ChannelError) -> UInt64 {
    while confirmed.count < subscribers { try takeNext() }
    var withoutSomebody = 0
    while withoutSomebody < 50 {
      guard published < 100_000 else { throw ChannelError(.failed, "everybody keeps up") }
      published += 1
      var isForAll = confirmed.count == subscribers
      for channel in confirmed.keys { isForAll = try post(to: channel) && isForAll }
      if !isForAll { withoutSomebody += 1 }
      while confirmed.values.count(where: { $0 + Self.window > published }) < quorum { try takeNext() }
    }
    return published
  }

  /// Posts the newest message to one subscriber; false if its queue is full.
  private mutating func post(to channel: UInt16) throws(ChannelError) -> Bool {
    var message = engine.makeMessage(.signal, channel: channel, id: published)
    let body = [UInt8](repeating: UInt8(truncatingIfNeeded: published), count: Self.bodyBytes)
    try message.appendBody(body.span.bytes)
    do throws(ChannelError) {
      try group.post(message, whenFull: .refuse)
      return true
    } catch {
      guard error.kind == .busy else { throw error }
      switch policy {
      case .skip: skipped += 1
      case .close:
        say("channel of a slow subscriber closed at message \(published)")
        confirmed[channel] = nil
        try group.closeAtOnce(channel)
      }
      return false
    }
  }

  /// Says bye to everybody, with the number of the last message, so that they know what they missed.
  mutating func finish() throws(ChannelError) {
    for channel in confirmed.keys {
      var bye = engine.makeMessage(.byeRequest, channel: channel)
      try bye.appendHeader("published", "\(published)")
      try group.post(bye)
    }
    while !confirmed.isEmpty { try takeNext() }
  }

  private mutating func takeNext() throws(ChannelError) {
    guard let message = try group.receive(until: .after(nanoseconds: Self.patience)) else {
      throw ChannelError(.timedOut, "nobody confirms anything")
    }
    try take(message)
  }

  private mutating func take(_ message: consuming Message) throws(ChannelError) {
    if message.closeReason != nil { confirmed[message.channel] = nil }
    if message.isNotice { return }
    switch message.opCode {
    case .helloRequest:
      confirmed[message.channel] = 0
      try group.reply(message)
    case .signal: confirmed[message.channel]? = message.id
    default: return
    }
  }
}
