import Reactor
import Testing

@testable import TLS

@Suite struct DataTests {
  let site: Site
  init() throws { site = try Site() }

  func bytes(_ count: Int) -> [UInt8] { (0..<count).map { UInt8(truncatingIfNeeded: $0 &* 31 ^ $0 >> 8) } }

  @Test(arguments: [Int.max, 4096, 1000])
  func carriesAMegabyteBothWays(step: Int) throws {
    let pair = try site.connected()
    pair.step = step
    let (up, down) = (bytes(1 << 20), bytes(1_000_003))
    pair.client.write(up)
    pair.server.write(down)
    pair.exchange()
    #expect(pair.isSound)
    #expect(pair.server.received == up)
    #expect(pair.client.received == down)
  }

  @Test func carriesBytesThatArriveOneByOne() throws {
    let pair = try site.connected()
    pair.step = 1
    for size in [1, 2, 1000, 20_000] { pair.client.write(bytes(size)) }
    pair.exchange()
    #expect(pair.server.received == bytes(1) + bytes(2) + bytes(1000) + bytes(20_000))
  }

  @Test func writingNothingSendsNothing() throws {
    let pair = try site.connected()
    pair.client.write([])
    #expect(pair.isSound && pair.client.wire().isEmpty)
  }

  @Test func smallBuffersGetAllThereIs() throws {
    let pair = try site.connected()
    pair.client.write(bytes(1000))
    try pair.server.layer.receive(pair.client.wire())
    var got: [UInt8] = []
    while true {
      let part = try pair.server.layer.read(upTo: 7)
      if part.isEmpty { break }
      #expect(part.count <= 7)
      got += part
    }
    #expect(got == bytes(1000))
    #expect(try pair.server.layer.read(upTo: 0).isEmpty)
  }

  @Test func plainBytesMayComeWithTheEndOfTheHandshake() throws {
    let pair = try site.pair()
    let (client, server) = (pair.client, pair.server)
    client.attempt { layer throws(SecureError) in try layer.start() }
    server.receive(client.wire())
    client.receive(server.wire())
    #expect(client.layer.isEstablished && !server.layer.isEstablished)
    client.write(bytes(5))
    server.receive(client.wire())
    #expect(server.layer.isEstablished && server.received == bytes(5))
  }

  @Test func writingTooEarlyOrTooLateFailsAndHarmsNothing() throws {
    let pair = try site.pair()
    #expect(failure { try pair.client.layer.write([1]) }?.message == "the handshake is not over")
    pair.connect()
    #expect(pair.isEstablished)
    pair.client.layer.finish()
    #expect(failure { try pair.client.layer.write([1]) }?.message == "nothing can be sent after the end")
    pair.server.write(bytes(9))
    pair.exchange()
    #expect(pair.isSound)
    #expect(pair.client.received == bytes(9))
  }

  @Test func eachSideFinishesForItself() throws {
    let pair = try site.connected()
    pair.client.write(bytes(100))
    pair.client.layer.finish()
    pair.client.layer.finish()
    #expect(!pair.server.layer.peerHasFinished)
    pair.exchange()
    #expect(pair.server.received == bytes(100))
    #expect(pair.server.layer.peerHasFinished && !pair.client.layer.peerHasFinished)
    pair.server.write(bytes(50))
    pair.server.layer.finish()
    pair.exchange()
    #expect(pair.client.received == bytes(50))
    #expect(pair.client.layer.peerHasFinished && pair.isSound)
  }

  @Test func theEndShowsOnlyAfterAllThatCameBefore() throws {
    let pair = try site.connected()
    pair.client.write(bytes(10))
    pair.client.layer.finish()
    let server = pair.server.layer
    try server.receive(pair.client.wire())
    #expect(try server.read(upTo: 10) == bytes(10))
    #expect(!server.peerHasFinished)
    #expect(try server.read(upTo: 10).isEmpty)
    #expect(server.peerHasFinished)
    #expect(try server.read(upTo: 10).isEmpty)
  }

  @Test func aStreamThatIsCutOffHasNotFinished() throws {
    let pair = try site.connected()
    pair.client.write(bytes(100))
    pair.client.layer.finish()
    let wire = pair.client.wire()
    // All but the goodbye, and all but a byte of it.
    for count in [wire.count - 24, wire.count - 1] {
      let other = try site.connected()
      other.client.write(bytes(100))
      other.client.layer.finish()
      other.server.receive(other.client.wire().prefix(count))
      #expect(other.server.error == nil)
      #expect(other.server.received == bytes(100))
      #expect(!other.server.layer.peerHasFinished)
    }
  }
}

@Suite struct HostileTests {
  let site: Site
  init() throws { site = try Site() }

  @Test(
    arguments: [
      Array("GET / HTTP/1.1\r\nHost: db.example\r\n\r\n".utf8),
      Array("SSH-2.0-OpenSSH_9.2\r\n".utf8),
      [UInt8](repeating: 0, count: 4096),
      [UInt8](repeating: 0xFF, count: 4096),
      // A record longer than any may be, an alert that is none, a hello with lengths that lie.
      [0x16, 3, 1, 0xFF, 0xFF] + [UInt8](repeating: 1, count: 70_000),
      [0x15, 3, 3, 0, 2, 9, 9],
      [0x16, 3, 1, 0, 9, 1, 0, 0, 5, 3, 3, 0, 0, 0],
    ] as [[UInt8]])
  func garbageInsteadOfAHandshakeIsRefused(garbage: [UInt8]) throws {
    let server = End(try TLSContext(site.serverSettings).server())
    let client = End(try TLSContext(site.clientSettings).client(host: "db.example"))
    client.attempt { layer throws(SecureError) in try layer.start() }
    for end in [server, client] {
      end.receive(garbage)
      #expect(end.error?.kind == .violation, "\(end.error?.message ?? "no error")")
      #expect(!end.layer.isEstablished && !end.layer.peerHasFinished)
    }
  }

  @Test func aPlainClientIsToldApart() throws {
    let server = End(try TLSContext(site.serverSettings).server())
    server.receive(Array("GET / HTTP/1.1\r\n\r\n".utf8))
    #expect(server.error?.message == "the client does not speak TLS: http request")
    #expect(server.error?.hint != nil)
  }

  @Test func garbageAfterTheHandshakeIsRefusedOnceWhatCameBeforeIsRead() throws {
    let pair = try site.connected()
    pair.client.write([1, 2, 3])
    pair.server.receive(pair.client.wire() + [UInt8](repeating: 0x55, count: 100))
    #expect(pair.server.received == [1, 2, 3])
    #expect(pair.server.error?.kind == .violation)
  }

  @Test func aChangedBitIsRefusedAndBothSidesHearOfIt() throws {
    let pair = try site.connected()
    pair.client.write([1, 2, 3])
    var wire = pair.client.wire()
    wire[wire.count - 1] ^= 1
    pair.server.receive(wire)
    #expect(pair.server.received.isEmpty)
    #expect(pair.server.error?.kind == .violation)
    pair.client.receive(pair.server.wire())
    #expect(pair.client.error?.kind == .violation)
    #expect(pair.client.error?.message == "db.example says that we broke the rules of TLS: bad record mac")
    #expect(!pair.client.layer.peerHasFinished)
  }

  @Test func aFailedLayerStaysFailed() throws {
    let pair = try site.connected()
    pair.server.receive([UInt8](repeating: 0x55, count: 100))
    let message = try #require(pair.server.error?.message)
    let layer = pair.server.layer
    #expect(failure { try layer.receive([1]) }?.message == message)
    #expect(failure { try layer.read(upTo: 1) }?.message == message)
    #expect(failure { try layer.write([1]) }?.message == message)
    #expect(failure { try layer.start() }?.message == message)
    layer.finish()
    _ = pair.server.wire()
    #expect(pair.server.wire().isEmpty)
  }

  /// One flipped bit anywhere in a handshake: the two never both believe in it, and nothing else happens.
  @Test func everyDamagedFlightIsRefused() throws {
    for position in stride(from: 0, to: 1200, by: 37) {
      let pair = try site.pair()
      pair.client.attempt { layer throws(SecureError) in try layer.start() }
      pair.server.receive(pair.client.wire())
      var flight = pair.server.wire()
      guard position < flight.count else { break }
      flight[position] ^= 0x10
      pair.client.receive(flight)
      pair.exchange()
      #expect(!pair.isEstablished)
    }
  }

  /// An error of one connection does not show up in another on the same thread.
  @Test func errorsDoNotLeakIntoOtherConnections() throws {
    let good = try site.connected()
    for _ in 0..<3 {
      let bad = try site.connected(host: "other.example")
      #expect(bad.client.error != nil)
      good.client.write([7])
      good.exchange()
    }
    #expect(good.isSound)
    #expect(good.server.received == [7, 7, 7])
  }
}
