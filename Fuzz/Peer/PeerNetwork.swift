import Platform
import Reactor

/// A world with one peer, whose bytes are given beforehand and come in reads of sizes that a seed chooses. What is sent to it is
/// only counted. One thread.
package final class PeerNetwork: Network, @unchecked Sendable {
  private static let listener: SocketNumber = 1
  private static let connection: SocketNumber = 2

  private let stream: [UInt8]
  private var position = 0
  private var state: UInt64
  private var time: Int64 = 1
  private var watched: [SocketNumber: (interest: Readiness, token: UInt64)] = [:]
  private var isWaiting = true
  private let tick: Int64
  private let idleTick: Int64
  /// Whether the connection was closed from this side.
  package private(set) var isClosed = false
  /// Bytes that were sent to the peer.
  package private(set) var sentBytes = 0

  /// - Parameters:
  ///   - seed: Chooses the sizes of reads; 0 for as much as there is room for.
  ///   - tick: Nanoseconds that pass whenever the clock is read.
  ///   - idleTick: Nanoseconds that pass besides when nothing is ready.
  package init(_ stream: [UInt8], seed: UInt64, tick: Int64 = 1, idleTick: Int64 = 0) {
    self.stream = stream
    self.idleTick = idleTick
    self.tick = tick
    state = seed
    super.init()
  }

  private func chance(_ limit: Int) -> Int {
    if state == 0 { return limit }
    state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
    return 1 + Int((state >> 33) % UInt64(max(1, min(limit, state & 1 << 20 == 0 ? 3 : 64))))
  }

  package override func now() -> Int64 {
    time += tick
    return time
  }

  package override func listen(_ address: SocketAddress, backlog: UInt32) throws(SystemError) -> SocketNumber {
    Self.listener
  }
  package override func accept(_ listener: SocketNumber) throws(SystemError) -> (SocketNumber, SocketAddress)? {
    guard isWaiting else { return nil }
    isWaiting = false
    return (Self.connection, try SocketAddress.literal("127.0.0.1", port: 2))
  }
  package override func connect(
    _ address: SocketAddress
  ) throws(SystemError) -> (socket: SocketNumber, isPending: Bool) { (Self.connection, false) }
  package override func connectResult(_ socket: SocketNumber) throws(SystemError) -> Bool { true }
  package override func localAddress(_ socket: SocketNumber) throws(SystemError) -> SocketAddress {
    try SocketAddress.literal("127.0.0.1", port: 1)
  }
  package override func close(_ socket: SocketNumber, aborting: Bool) { isClosed = true }

  package override func receive(_ socket: SocketNumber, into buffer: UnsafeMutableRawBufferPointer) -> Transfer {
    let count = min(buffer.count, stream.count - position, chance(buffer.count))
    stream.withUnsafeBytes {
      buffer.copyMemory(from: UnsafeRawBufferPointer(rebasing: $0[position..<(position + count)]))
    }
    position += count
    return .moved(count)
  }

  package override func receive(
    _ socket: SocketNumber, into buffers: UnsafeBufferPointer<UnsafeMutableRawBufferPointer>
  ) -> Transfer {
    let room = buffers.reduce(0) { $0 + $1.count }
    var left = min(room, stream.count - position, chance(room))
    let count = left
    for buffer in buffers where left > 0 {
      let part = min(left, buffer.count)
      stream.withUnsafeBytes {
        buffer.copyMemory(from: UnsafeRawBufferPointer(rebasing: $0[position..<(position + part)]))
      }
      position += part
      left -= part
    }
    return .moved(count)
  }

  package override func send(_ socket: SocketNumber, _ parts: UnsafeBufferPointer<UnsafeRawBufferPointer>) -> Transfer {
    let count = chance(parts.reduce(0) { $0 + $1.count })
    sentBytes += count
    return .moved(count)
  }

  package override func watch(_ socket: SocketNumber, _ interest: Readiness, token: UInt64) throws(SystemError) {
    watched[socket] = (interest, token)
  }
  package override func rewatch(_ socket: SocketNumber, _ interest: Readiness, token: UInt64) throws(SystemError) {
    watched[socket] = (interest, token)
  }
  package override func unwatch(_ socket: SocketNumber) { watched[socket] = nil }

  package override func wait(
    into events: UnsafeMutableBufferPointer<Poller.Event>, until deadline: Deadline
  ) throws(SystemError) -> Int {
    var count = 0
    for (socket, watch) in watched.sorted(by: { $0.key < $1.key }) {
      let ready = socket == Self.listener && !isWaiting ? [] : watch.interest
      if ready.isEmpty { continue }
      events[count] = Poller.Event(token: watch.token, ready: ready)
      count += 1
    }
    if count == 0 { time += idleTick }
    return count
  }
}
