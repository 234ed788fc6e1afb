internal import Platform
internal import Reactor

/// One connection of a server. Finds out which protocol the peer speaks, and leaves the rest to its driver. Loop only.
final class Connection: Stream, @unchecked Sendable {
  /// How an HTTP/2 connection begins (RFC 9113, section 3.4).
  static let preface: StaticString = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"

  /// Nanoseconds that a connection has to itself before it must give way to others.
  private static let greetingTime: Int64 = 1_000_000_000

  let server: HTTPServer
  private let address: SocketAddress
  private let listener: HTTPListener
  private let isSecure: Bool
  private(set) var peer: Peer
  private(set) var driver: Driver?
  /// What came of a beginning that could still be the preface.
  private var beginning: [UInt8] = []
  private let accepted: Int64
  /// How much was sent when that was last looked at, and since when that is so.
  private var seenSent: UInt64 = 0
  private var seenSince: Int64
  /// Where the server keeps it.
  var place = -1

  init(
    _ server: HTTPServer, _ socket: SocketNumber, from address: SocketAddress, at listener: HTTPListener,
    secure: SecureLayer?
  ) throws(SystemError) {
    self.server = server
    self.address = address
    self.listener = listener
    isSecure = secure != nil
    accepted = server.loop.network.now()
    seenSince = accepted
    peer = Peer(
      address: address, listener: listener.address, number: listener.number, isSecure: isSecure, name: nil)
    try super.init(server.loop, server.chunks, limit: server.limits.waitingBytes)
  }

  override func opened() {
    guard let secure = secureLayer else { return }
    peer = Peer(
      address: address, listener: listener.address, number: listener.number, isSecure: true, name: secure.peerName)
    guard let name = secure.applicationProtocol else { return }
    begin(isHTTP2: name.utf8.elementsEqual("h2".utf8))
  }

  override func received(_ bytes: UnsafeRawBufferPointer) {
    if let driver { return driver.received(bytes) }
    if beginning.isEmpty, Self.begins(bytes) == false { return begin(isHTTP2: false, with: bytes) }
    beginning.append(contentsOf: bytes)
    let whole = beginning
    guard let isPreface = whole.withUnsafeBytes(Self.begins) else { return }
    beginning = []
    whole.withUnsafeBytes { begin(isHTTP2: isPreface, with: $0) }
  }

  private func begin(isHTTP2: Bool, with bytes: UnsafeRawBufferPointer? = nil) {
    do throws(SystemError) {
      let driver = isHTTP2 ? try HTTP2Connection(starting: self) : HTTP1Connection(self)
      self.driver = driver
      if let bytes { driver.received(bytes) } else { driver.attend() }
    } catch {
      close(.closed, aborting: true)
    }
  }

  /// Whether bytes are those of the preface; nil if that cannot be told yet.
  private static func begins(_ bytes: UnsafeRawBufferPointer) -> Bool? {
    preface.withUTF8Buffer { preface in
      let count = min(bytes.count, preface.count)
      guard preface[..<count].elementsEqual(bytes[..<count]) else { return false }
      return count == preface.count ? true : nil
    }
  }

  override func peerFinished() {
    if let driver { driver.peerFinished() } else { close(.ended) }
  }

  override func drained() { driver?.drained() }

  override func closed(_ end: StreamEnd) {
    server.remove(self)
    driver?.closed()
    driver = nil
  }

  /// Since when it is idle, if it is: between requests, or silent since a while after it came.
  var idleSince: Int64? {
    if let driver { return driver.isIdle ? driver.idleSince : nil }
    return loop.time - accepted > Self.greetingTime ? accepted : nil
  }

  /// About once a second.
  func check(_ now: Int64) {
    let sent = sentBytes
    if isFlushed || sent != seenSent {
      (seenSent, seenSince) = (sent, now)
    } else if now - seenSince > server.limits.stallTime {
      return close(.closed, aborting: true)
    }
    if let driver { return driver.check(now) }
    if now - accepted > server.limits.headTime { close(.closed, aborting: true) }
  }
}
