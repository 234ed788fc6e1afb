internal import Platform
internal import Reactor

/// One connection of a server. Finds out which protocol the peer speaks, and leaves the rest to its driver. Loop only.
final class Connection: Stream, @unchecked Sendable {
  /// How an HTTP/2 connection begins (RFC 9113, section 3.4).
  static let preface: StaticString = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"

  let server: HTTPServer
  private let address: SocketAddress
  private let listener: HTTPListener
  private let isSecure: Bool
  private(set) var peer: Peer
  private(set) var driver: Driver?
  /// What came of a beginning that could still be the preface.
  private var beginning: [UInt8] = []
  private let accepted: Int64
  private var stalledBytes = 0
  private var stalledSince: Int64 = 0
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
    peer = Peer(
      address: address, listener: listener.address, number: listener.number, isSecure: isSecure, name: nil)
    try super.init(server.loop, server.chunks, limit: server.limits.waitingBytes)
  }

  override func opened() {
    guard let secure = secureLayer else { return }
    peer = Peer(
      address: address, listener: listener.address, number: listener.number, isSecure: true, name: secure.peerName)
    guard let name = secure.applicationProtocol else { return }
    driver = name.utf8.elementsEqual("h2".utf8) ? HTTP2Connection(self) : HTTP1Connection(self)
  }

  override func received(_ bytes: UnsafeRawBufferPointer) {
    if let driver { return driver.received(bytes) }
    if beginning.isEmpty, Self.begins(bytes) == false { return begin(HTTP1Connection(self), bytes) }
    beginning.append(contentsOf: bytes)
    let whole = beginning
    guard let isPreface = whole.withUnsafeBytes(Self.begins) else { return }
    beginning = []
    whole.withUnsafeBytes { begin(isPreface ? HTTP2Connection(self) : HTTP1Connection(self), $0) }
  }

  private func begin(_ driver: Driver, _ bytes: UnsafeRawBufferPointer) {
    self.driver = driver
    driver.received(bytes)
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

  /// About once a second.
  func check(_ now: Int64) {
    let waiting = waitingBytes
    if waiting == 0 || waiting != stalledBytes {
      (stalledBytes, stalledSince) = (waiting, now)
    } else if now - stalledSince > server.limits.stallTime {
      return close(.closed, aborting: true)
    }
    if let driver { return driver.check(now) }
    if now - accepted > server.limits.headTime { close(.closed, aborting: true) }
  }
}
