internal import Reactor

/// So many things that a peer may do for nothing; more come with time.
struct Allowance {
  private let most: Int
  private var left: Int

  init(_ most: Int) {
    self.most = most
    left = most
  }

  /// False when there is nothing left to take.
  mutating func take() -> Bool {
    guard left > 0 else { return false }
    left -= 1
    return true
  }

  mutating func give(_ count: Int = 1) { left = min(most, left + count) }
}

/// What an HTTP/2 connection puts up with beyond `HTTPLimits`.
enum HTTP2Bounds {
  /// Frames of no use at once, and in a second; more end the connection.
  static let uselessFrames = 10_000
  /// Requests that came to nothing at once, and in a second; each that is answered makes up for one. More end the connection.
  static let wastedStreams = 1_000
  static let wastedStreamsRegained = 100
  /// Bytes of bodies that a connection holds; beyond, only the oldest unfinished request gets room for more.
  static let heldBytes = 4 << 20
  /// Between the announcement of the end and the end of new requests, in nanoseconds: they may have crossed.
  static let drainTime: Int64 = 1_000_000_000

  /// Frames that wait while the peer does not read; more end the connection.
  static func waitingFrames(_ limits: HTTPLimits) -> Int { 2048 + 4 * Int(limits.concurrentStreams) }

  /// Requests at the handler, of which some are no longer wanted; more end the connection.
  static func unanswered(_ limits: HTTPLimits) -> Int { 8 + 2 * Int(limits.concurrentStreams) }
}

/// What is late.
extension HTTP2Connection {
  func checkTime(_ now: Int64) {
    guard phase == .running else { return checkLingering(now) }
    noise.give(HTTP2Bounds.uselessFrames)
    wastedStreams.give(HTTP2Bounds.wastedStreamsRegained)
    if !hasSettings, now - began > limits.headTime { return connection.close(.closed, aborting: true) }
    if headStream != nil, now - headBegan > limits.headTime { excess = .enhanceYourCalm }
    for stream in streams { check(stream, now) }
    if isIdle, now - idleSince > limits.idleTime { return endIdle() }
    guard checkPing(now) else { return connection.close(.closed, aborting: true) }
    if let drainBegan, now - drainBegan >= HTTP2Bounds.drainTime { goAway() }
    work()
  }

  private func checkLingering(_ now: Int64) {
    if !connection.isFlushed {
      lingersSince = now
    } else if now - lingersSince > limits.lingerTime {
      connection.close()
    }
  }

  private func check(_ stream: HTTP2Stream, _ now: Int64) {
    switch stream.phase {
    case .head: stream.seenSince = now
    case .body:
      stream.seenSince = now
      let isStill = stream.withheldBytes == 0 && now - stream.lastInput > limits.bodyIdleTime
      if isStill || now - stream.bodyBegan > limits.bodyTime { refuse(stream, .tooSlow) }
    case .over where stream.isAnswered:
      // Nobody wants the rest of a request that is answered. Saying so at once (RFC 9113, section 8.1) makes some clients drop
      // the answer.
      if now - stream.answered > limits.lingerTime { session?.reset(stream.id, .noError) }
    case .over:
      let (waiting, taken) = progress(of: stream)
      if waiting == 0 || taken != stream.seenTaken {
        (stream.seenTaken, stream.seenSince) = (taken, now)
      } else if now - stream.seenSince > limits.stallTime {
        session?.reset(stream.id, .cancel)
      }
    }
  }

  /// False when the peer does not say that it is there.
  private func checkPing(_ now: Int64) -> Bool {
    if let pinged { return now - pinged <= limits.pingTime }
    if !streams.isEmpty, now - lastInput > limits.silentTime {
      session?.ping()
      pinged = now
    }
    return true
  }

  func announceEnd() {
    guard phase == .running, drainBegan == nil else { return }
    drainBegan = connection.loop.time
    if isIdle { return endIdle() }
    session?.announceEnd()
    work()
  }

  /// Says goodbye to a peer that wants nothing just now.
  private func endIdle() {
    goAway()
    work()
    if phase == .lingering, !connection.isOver, connection.isFlushed { connection.close() }
  }
}
