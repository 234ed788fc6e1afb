import Platform
import Reactor
import Support
import Testing

@testable import TLS

/// Whether OpenSSL's own command is there; `make test` installs it.
private let hasOpenSSL: Bool = {
  guard let child = try? ChildProcess(["openssl", "version"], output: .null, error: .null) else { return false }
  return (try? child.wait(until: .after(nanoseconds: 30_000_000_000))) == .exited(0)
}()

@Suite(.enabled(if: hasOpenSSL)) struct ProgramTests {
  let site: Site
  let folder: TemporaryDirectory
  let node: CertificateMaker.Made

  init() throws {
    site = try Site()
    node = try CertificateMaker.certificate("node", from: year2001, to: year2099, signedBy: site.authority)
    folder = try TemporaryDirectory()
    try write(site.authority.certificate, to: folder.file("ca.pem"))
    try write(site.server.certificate, to: folder.file("server.pem"))
    try write(site.server.privateKey, to: folder.file("server.key"))
    try write(node.certificate, to: folder.file("node.pem"))
    try write(node.privateKey, to: folder.file("node.key"))
  }

  /// Our client against a server that sends each line back reversed. Its tickets hold our certificate and come in pieces, so
  /// that what is written between two of them has to wait.
  @Test(arguments: ["-tls1_3", "-tls1_2"])
  func clientTalksToOpenSSLsServer(version: String) throws {
    let program = try ChildProcess(
      [
        "openssl", "s_server", "-accept", "127.0.0.1:0", "-naccept", "1", "-rev", version, "-alpn", "other,weir",
        "-cert", folder.file("server.pem"), "-key", folder.file("server.key"), "-CAfile", folder.file("ca.pem"),
        "-Verify", "1", "-verify_return_error", "-max_send_frag", "512",
      ], input: .pipe, output: .pipe, error: .null)
    let socket = try Socket.connected(to: try port(of: program))

    var settings = site.clientSettings
    settings.identity = node.identity
    settings.applicationProtocols = ["weir"]
    let client = End(try TLSContext(settings).client(host: "127.0.0.1"))
    client.attempt { layer throws(SecureError) in try layer.start() }
    try socket.send(client.wire())

    var wire: [UInt8] = []
    var written = 0
    var hadToWait = false
    var finished = false
    while client.error == nil, !(finished && client.received.count >= 3 * written) {
      let part = try socket.receive()
      if part.isEmpty { break }
      wire += part
      while let record = takeRecord(from: &wire) {
        client.receive(record)
        if client.layer.isEstablished, written < 6 {
          client.write(Array("\(written)x\n".utf8))
          written += 1
          hadToWait = hadToWait || (client.layer as? TLSLayer)?.heldBack.isEmpty == false
        }
        finished = written == 6
        try socket.send(client.wire())
      }
    }
    #expect(client.error == nil, "\(client.error?.message ?? "")")
    #expect(String(decoding: client.received, as: UTF8.self) == (0..<written).map { "x\($0)\n" }.joined())
    #expect(written == 6)
    #expect(hadToWait == (version == "-tls1_3"))
    #expect(client.layer.applicationProtocol == "weir")
    #expect(client.layer.peerName == "CN=db.example")

    client.layer.finish()
    try socket.send(client.wire())
    #expect(try program.wait(until: .after(nanoseconds: 30_000_000_000)) != nil)
  }

  /// Our server against a client that verifies it by its address and shows a certificate.
  @Test(arguments: ["-tls1_3", "-tls1_2"])
  func serverTalksToOpenSSLsClient(version: String) throws {
    let listener = try Socket.listening()
    let program = try ChildProcess(
      [
        "openssl", "s_client", "-connect", "127.0.0.1:\(try listener.port())", "-quiet", version, "-alpn", "weir",
        "-cert", folder.file("node.pem"), "-key", folder.file("node.key"), "-CAfile", folder.file("ca.pem"),
        "-verify_return_error", "-verify_ip", "127.0.0.1",
      ], input: .pipe, output: .pipe, error: .null)
    try program.writeInput(Array("hello\n".utf8))
    let socket = try listener.accepted()

    var settings = site.serverSettings
    settings.requireClientCertificate = true
    settings.applicationProtocols = ["weir"]
    let server = End(try TLSContext(settings).server())
    while server.error == nil, server.received.last != UInt8(ascii: "\n") {
      let part = try socket.receive()
      if part.isEmpty { break }
      server.receive(part)
      try socket.send(server.wire())
    }
    #expect(server.error == nil, "\(server.error?.message ?? "")")
    #expect(server.received == Array("hello\n".utf8))
    #expect(server.layer.applicationProtocol == "weir")
    #expect(server.layer.peerName == "CN=node")

    server.write(Array("world\n".utf8))
    server.layer.finish()
    try socket.send(server.wire())
    #expect(try output(of: program) == "world\n")
    #expect(try program.wait(until: .after(nanoseconds: 30_000_000_000)) == .exited(0))
  }

  /// The port that the server says it listens on.
  private func port(of program: borrowing ChildProcess) throws -> UInt16 {
    var text: [UInt8] = []
    var buffer = [UInt8](repeating: 0, count: 1024)
    while true {
      let count = try buffer.withUnsafeMutableBytes { try program.readOutput(into: $0) }
      text += buffer[..<count]
      for line in text.split(separator: UInt8(ascii: "\n")).dropLast(text.last == UInt8(ascii: "\n") ? 0 : 1) {
        guard line.starts(with: Array("ACCEPT ".utf8)), let colon = line.lastIndex(of: UInt8(ascii: ":")) else {
          continue
        }
        return try #require(UInt16(String(decoding: line[(colon + 1)...], as: UTF8.self)))
      }
      try #require(count > 0, "the server ended: \(String(decoding: text, as: UTF8.self))")
    }
  }

  private func output(of program: borrowing ChildProcess) throws -> String {
    var text: [UInt8] = []
    var buffer = [UInt8](repeating: 0, count: 1024)
    while true {
      let count = try buffer.withUnsafeMutableBytes { try program.readOutput(into: $0) }
      if count == 0 { return String(decoding: text, as: UTF8.self) }
      text += buffer[..<count]
    }
  }

  /// The first record, once it is complete: a header of 5 bytes whose last two say how many follow.
  private func takeRecord(from wire: inout [UInt8]) -> [UInt8]? {
    guard wire.count >= 5 else { return nil }
    let count = 5 + Int(wire[3]) << 8 + Int(wire[4])
    guard wire.count >= count else { return nil }
    defer { wire.removeFirst(count) }
    return Array(wire[..<count])
  }
}
