import Platform
import Reactor
import TLS

/// Long ago and far ahead of any day on which these tests run.
let year2001: Int64 = 978_307_200
let year2002: Int64 = 1_009_843_200
let year2090: Int64 = 3_786_912_000
let year2099: Int64 = 4_070_908_800

/// An authority and what it signed.
struct Site {
  let authority: CertificateMaker.Made
  let server: CertificateMaker.Made

  /// The server's certificate is for `db.example`, `*.wild.example`, 127.0.0.1 and ::1.
  init(from: Int64 = year2001, to: Int64 = year2099) throws {
    authority = try CertificateMaker.authority("Test authority", from: year2001, to: year2099)
    server = try CertificateMaker.certificate(
      "db.example", names: ["db.example", "*.wild.example"], addresses: ["127.0.0.1", "::1"], from: from, to: to,
      signedBy: authority)
  }

  /// What a server of this site is made of.
  var serverSettings: TLSSettings {
    var settings = TLSSettings(.server)
    settings.identity = server.identity
    settings.trust = .certificates(.bytes(authority.certificate))
    return settings
  }

  /// What a client that trusts this site's authority is made of.
  var clientSettings: TLSSettings {
    var settings = TLSSettings(.client)
    settings.trust = .certificates(.bytes(authority.certificate))
    return settings
  }

  /// A client and a server that have not begun.
  func pair(host: String = "db.example", client: TLSSettings? = nil, server: TLSSettings? = nil) throws -> Pair {
    let clients = try TLSContext(client ?? clientSettings)
    let servers = try TLSContext(server ?? serverSettings)
    return Pair(try clients.client(host: host), try servers.server())
  }

  /// The same after the handshake, whatever came of it.
  func connected(host: String = "db.example", client: TLSSettings? = nil, server: TLSSettings? = nil) throws -> Pair {
    let pair = try pair(host: host, client: client, server: server)
    pair.connect()
    return pair
  }
}

extension CertificateMaker.Made {
  var identity: TLSSettings.Identity { .init(certificates: .bytes(certificate), privateKey: .bytes(privateKey)) }
}

/// One end: a layer, what came out of it, and how it failed.
final class End {
  let layer: SecureLayer
  private(set) var received: [UInt8] = []
  private(set) var error: SecureError?
  private var buffer = [UInt8](repeating: 0, count: 20_000)

  init(_ layer: SecureLayer) { self.layer = layer }

  /// Does something with the layer and keeps the error, the first one.
  func attempt(_ body: (SecureLayer) throws(SecureError) -> Void) {
    do throws(SecureError) { try body(layer) } catch { self.error = self.error ?? error }
  }

  func receive(_ wire: some Collection<UInt8>) {
    let wire = Array(wire)
    attempt { layer throws(SecureError) in
      try layer.receive(wire)
      while true {
        let part = try layer.read(upTo: buffer.count)
        if part.isEmpty { return }
        received += part
      }
    }
  }

  func write(_ plain: [UInt8]) { attempt { layer throws(SecureError) in try layer.write(plain) } }

  /// All the bytes for the peer.
  func wire() -> [UInt8] {
    var all: [UInt8] = []
    while true {
      let count = buffer.withUnsafeMutableBytes { layer.takeWire(into: $0) }
      if count == 0 { return all }
      all += buffer[..<count]
    }
  }
}

/// Two ends in memory.
final class Pair {
  let client: End
  let server: End
  /// How many bytes are handed over at once.
  var step = Int.max

  init(_ client: SecureLayer, _ server: SecureLayer) {
    self.client = End(client)
    self.server = End(server)
  }

  func connect() {
    client.attempt { layer throws(SecureError) in try layer.start() }
    server.attempt { layer throws(SecureError) in try layer.start() }
    exchange()
  }

  /// Carries bytes both ways until there are none. A side that failed hears no more.
  func exchange() {
    while deliver(from: client, to: server) || deliver(from: server, to: client) {}
  }

  private func deliver(from sender: End, to receiver: End) -> Bool {
    var wire = sender.wire()[...]
    if wire.isEmpty { return false }
    while !wire.isEmpty, receiver.error == nil {
      receiver.receive(wire.prefix(step))
      wire = wire.dropFirst(step)
    }
    return true
  }

  var isEstablished: Bool { client.layer.isEstablished && server.layer.isEstablished && isSound }
  var isSound: Bool { client.error == nil && server.error == nil }
}

extension SecureLayer {
  func receive(_ wire: [UInt8]) throws(SecureError) {
    var outcome = Result<Void, SecureError>.success(())
    wire.withUnsafeBytes { bytes in
      do throws(SecureError) { try receive(bytes) } catch { outcome = .failure(error) }
    }
    try outcome.get()
  }

  func write(_ plain: [UInt8]) throws(SecureError) {
    var outcome = Result<Void, SecureError>.success(())
    plain.withUnsafeBytes { bytes in
      do throws(SecureError) { try write(bytes) } catch { outcome = .failure(error) }
    }
    try outcome.get()
  }

  func read(upTo count: Int) throws(SecureError) -> [UInt8] {
    var outcome = Result<Int, SecureError>.success(0)
    var bytes = [UInt8](repeating: 0, count: count)
    bytes.withUnsafeMutableBytes { buffer in
      do throws(SecureError) { outcome = .success(try read(into: buffer)) } catch { outcome = .failure(error) }
    }
    return Array(bytes[..<(try outcome.get())])
  }
}

/// The error that `body` ends with.
func failure<Value>(_ body: () throws -> Value) -> SecureError? {
  do {
    _ = try body()
    return nil
  } catch {
    return error as? SecureError
  }
}
