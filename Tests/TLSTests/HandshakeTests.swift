import Reactor
import TLS
import Testing

@Suite struct HandshakeTests {
  let site: Site
  init() throws { site = try Site() }

  @Test(arguments: [Int.max, 1000, 7, 1])
  func establishesHoweverTheBytesArrive(step: Int) throws {
    let pair = try site.pair()
    pair.step = step
    #expect(!pair.client.layer.isEstablished && !pair.server.layer.isEstablished)
    pair.connect()
    #expect(pair.isEstablished)
    #expect(pair.client.layer.peerName == "CN=db.example")
    #expect(pair.server.layer.peerName == nil)
    #expect(pair.client.layer.applicationProtocol == nil)
  }

  @Test(arguments: [(true, false), (false, true), (true, true)])
  func acceptsPeersThatSpeakOnlyTLS12(client: Bool, server: Bool) throws {
    var (clients, servers) = (site.clientSettings, site.serverSettings)
    clients.olderVersionOnly = client
    servers.olderVersionOnly = server
    let pair = try site.connected(client: clients, server: servers)
    #expect(pair.isEstablished)
    pair.client.write(Array("over 1.2".utf8))
    pair.exchange()
    #expect(pair.server.received == Array("over 1.2".utf8))
  }

  @Test func oneContextMayMakeBothEnds() throws {
    var settings = site.serverSettings
    settings.role = .both
    settings.requireClientCertificate = true
    let context = try TLSContext(settings)
    let pair = Pair(try context.client(host: "db.example"), try context.server())
    pair.connect()
    #expect(pair.isEstablished)
    #expect(pair.server.layer.peerName == "CN=db.example")
  }

  @Test(
    arguments: [
      (["h2", "http/1.1"], ["h2", "http/1.1"], "h2"),
      (["http/1.1", "h2"], ["h2", "http/1.1"], "h2"),
      (["http/1.1"], ["h2", "http/1.1"], "http/1.1"),
      (["h2"], [], nil),
      ([], ["h2"], nil),
    ] as [([String], [String], String?)])
  func serverChoosesTheProtocolByItsOwnOrder(client: [String], server: [String], agreed: String?) throws {
    var (clients, servers) = (site.clientSettings, site.serverSettings)
    clients.applicationProtocols = client
    servers.applicationProtocols = server
    let pair = try site.connected(client: clients, server: servers)
    #expect(pair.isEstablished)
    #expect(pair.client.layer.applicationProtocol == agreed)
    #expect(pair.server.layer.applicationProtocol == agreed)
  }

  @Test func refusesPeersThatShareNoProtocol() throws {
    var (clients, servers) = (site.clientSettings, site.serverSettings)
    clients.applicationProtocols = ["weir"]
    servers.applicationProtocols = ["h2", "weir/2"]
    let pair = try site.connected(client: clients, server: servers)
    #expect(pair.server.error?.kind == .handshake)
    #expect(pair.server.error?.message == "the client and we share no application protocol")
    #expect(pair.client.error?.kind == .handshake)
    #expect(pair.client.error?.message == "db.example refused the handshake: no application protocol")
  }

  /// A client that offers TLS 1.1 and nothing newer, byte by byte of RFC 4346.
  @Test func serverRefusesAClientOfTLS11() throws {
    var hello: [UInt8] = [0x03, 0x02] + [UInt8](repeating: 7, count: 32) + [0]
    hello += [0, 4, 0xC0, 0x13, 0x00, 0x2F] + [1, 0]
    let message: [UInt8] = [1, 0, 0, UInt8(hello.count)] + hello
    let server = End(try TLSContext(site.serverSettings).server())
    server.receive([0x16, 0x03, 0x01, 0, UInt8(message.count)] + message)
    #expect(server.error?.kind == .handshake)
    #expect(server.error?.message.contains("share no version of TLS") == true)
    #expect(server.error?.hint != nil)
    // A fatal alert: protocol_version.
    #expect(server.wire().suffix(4) == [0, 2, 2, 70])
  }

  @Test func clientRefusesAServerOfTLS11() throws {
    let client = End(try TLSContext(site.clientSettings).client(host: "db.example"))
    client.attempt { layer throws(SecureError) in try layer.start() }
    _ = client.wire()
    let hello: [UInt8] = [0x03, 0x02] + [UInt8](repeating: 7, count: 32) + [0, 0xC0, 0x13, 0]
    let message: [UInt8] = [2, 0, 0, UInt8(hello.count)] + hello
    client.receive([0x16, 0x03, 0x02, 0, UInt8(message.count)] + message)
    #expect(client.error?.kind == .handshake)
    #expect(client.wire().suffix(4) == [0, 2, 2, 70])
  }

  @Test(arguments: [("db.example", true), ("db.example.", true), ("127.0.0.1", false), ("[::1]", false)])
  func namesTheHostInSNIOnlyIfItIsAName(host: String, named: Bool) throws {
    let client = End(try TLSContext(site.clientSettings).client(host: host))
    client.attempt { layer throws(SecureError) in try layer.start() }
    let hello = client.wire()
    let name = Array("db.example".utf8)
    let holdsName = hello.indices.contains { hello[$0...].starts(with: name) }
    let holdsAddress = hello.indices.contains { hello[$0...].starts(with: Array("127.0.0.1".utf8)) }
    #expect(holdsName == named)
    #expect(!holdsAddress)
  }

  @Test(arguments: ["", ".", "a\u{0}b", String(repeating: "a.", count: 200)])
  func refusesHostsThatAreNone(host: String) throws {
    let clients = try TLSContext(site.clientSettings)
    #expect(failure { try clients.client(host: host) }?.kind == .configuration)
  }

  @Test func makesOnlyTheEndsThatItsRoleSays() throws {
    #expect(failure { try TLSContext(site.clientSettings).server() }?.kind == .unsupported)
    #expect(failure { try TLSContext(site.serverSettings).client(host: "a.example") }?.kind == .unsupported)
  }

  @Test func aPeerThatLeavesInTheHandshakeIsSaidToHaveLeft() throws {
    let client = End(try TLSContext(site.clientSettings).client(host: "db.example"))
    client.attempt { layer throws(SecureError) in try layer.start() }
    client.receive([0x15, 3, 3, 0, 2, 1, 0])
    #expect(client.error?.kind == .handshake)
    #expect(client.error?.message == "db.example ended the connection before the handshake was over")
  }
}
