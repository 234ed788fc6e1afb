public import Platform

/// Something on a loop that owns a socket: a stream or a listener.
open class LoopSource: @unchecked Sendable {
  /// Which registration of the loop this is; 0 when it is none. Loop only.
  var token: UInt64 = 0
  /// Whether it waits to be attended to. Guarded by the loop's lock.
  var isRequested = false

  /// A source that no loop watches yet.
  public init() {}

  /// The socket is ready. Called on the loop.
  open func ready(_ readiness: Readiness) {}

  /// Some thread has asked for it by `EventLoop.request`. Called on the loop, once for any number of requests between.
  open func attend() {}
}

/// The sources that a loop watches, found by the token that the poller gives back.
///
/// A token is a place and its generation, so that an event for a source that was removed finds nothing, even when the place,
/// or the number of the socket, is in use again.
struct SourceTable: ~Copyable {
  private var sources: [LoopSource?] = []
  private var generations: [UInt32] = []
  private var free: [Int] = []

  private(set) var count = 0

  mutating func insert(_ source: LoopSource) -> UInt64 {
    let place: Int
    if let reused = free.popLast() {
      place = reused
    } else {
      place = sources.count
      sources.append(nil)
      generations.append(1)
    }
    sources[place] = source
    count += 1
    return UInt64(generations[place]) << 32 | UInt64(place)
  }

  mutating func remove(_ token: UInt64) {
    guard let place = place(token) else { return }
    sources[place] = nil
    generations[place] &+= 1
    if generations[place] == 0 { generations[place] = 1 }
    free.append(place)
    count -= 1
  }

  func find(_ token: UInt64) -> LoopSource? {
    guard let place = place(token) else { return nil }
    return sources[place]
  }

  private func place(_ token: UInt64) -> Int? {
    let place = Int(token & 0xFFFF_FFFF)
    guard place < sources.count, generations[place] == UInt32(token >> 32), sources[place] != nil else { return nil }
    return place
  }
}
