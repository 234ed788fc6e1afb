internal import COpenSSL
public import Reactor

/// Makes the TLS layers of one configuration. Safe from any thread.
///
/// Certificates and keys are read once, when it is made; to take new ones into use, make a new context for the connections to
/// come.
public final class TLSContext: SecureContext, @unchecked Sendable {
  private let clients: Side?
  private let servers: Side?

  /// Reads what the settings name.
  ///
  /// - Throws: `.configuration` for files that cannot be read or do not hold what they should, for a key that is not the
  ///   certificate's, and for settings that contradict each other; `.failed` without memory.
  public init(_ settings: TLSSettings) throws(SecureError) {
    try Self.check(settings)
    clients = settings.role == .server ? nil : try Side(server: false, settings)
    servers = settings.role == .client ? nil : try Side(server: true, settings)
    super.init()
  }

  /// A layer for a connection to `host`: a name, or an IPv4 or IPv6 address in text, with or without brackets. The server's
  /// certificate must be for it.
  ///
  /// - Throws: `.configuration` if it is neither; `.unsupported` if the settings are for servers.
  public override func client(host: String) throws(SecureError) -> SecureLayer {
    guard let clients else { throw SecureError(.unsupported, "this context makes no clients") }
    let name = Self.bare(host)
    guard !name.isEmpty, name.count <= TLSLimits.hostBytes, !name.contains(0) else {
      throw SecureError(.configuration, "'\(host)' is not the name or address of a host")
    }
    return try TLSLayer(clients, host: String(decoding: name, as: UTF8.self))
  }

  /// A layer for a connection that was accepted.
  ///
  /// - Throws: `.unsupported` if the settings are for clients.
  public override func server() throws(SecureError) -> SecureLayer {
    guard let servers else { throw SecureError(.unsupported, "this context makes no servers") }
    return try TLSLayer(servers, host: nil)
  }

  private static func check(_ settings: TLSSettings) throws(SecureError) {
    guard settings.role != .client else { return }
    if settings.identity == nil {
      throw SecureError(.configuration, "a TLS server needs a certificate and its private key")
    }
    if case .system = settings.trust, settings.requireClientCertificate {
      throw SecureError(
        .configuration,
        "a TLS server that requires certificates of its clients must name the authority that signs them",
        hint: "name the file with the authority's certificate")
    }
  }

  /// The host as certificates name it: no brackets around an address, no zone behind it, no dot at the end.
  private static func bare(_ host: String) -> [UInt8] {
    var name = Array(host.utf8)
    if name.count > 2, name.first == UInt8(ascii: "["), name.last == UInt8(ascii: "]") {
      name.removeFirst()
      name.removeLast()
    }
    if name.contains(UInt8(ascii: ":")), let zone = name.firstIndex(of: UInt8(ascii: "%")) {
      name.removeSubrange(zone...)
    }
    if name.last == UInt8(ascii: ".") { name.removeLast() }
    return name
  }
}

/// What the layers of one side, clients or servers, have in common.
final class Side: @unchecked Sendable {
  /// Not changed once this is made; OpenSSL counts its users with atomics.
  let handle: OpaquePointer
  /// What may come out of ALPN.
  let protocols: [String]
  /// Whether this side accepts connections.
  let isServer: Bool

  init(server: Bool, _ settings: TLSSettings) throws(SecureError) {
    var failure = copenssl_failure()
    guard let handle = copenssl_context_new(server, &failure) else { throw SecureError(failure) }
    self.handle = handle
    isServer = server
    protocols = settings.applicationProtocols
    if settings.olderVersionOnly { copenssl_context_limit_to_tls12(handle) }
    if let identity = settings.identity { try use(identity) }
    if server ? settings.requireClientCertificate : !settings.skipVerification { try verify(by: settings.trust) }
    if !protocols.isEmpty { try setProtocols() }
  }

  deinit { copenssl_context_free(handle) }

  private func use(_ identity: TLSSettings.Identity) throws(SecureError) {
    let certificates = try identity.certificates.read()
    try load(certificates, from: identity.certificates, copenssl_context_use_certificates)
    let key = try identity.privateKey.read()
    try load(key, from: identity.privateKey, copenssl_context_use_key)
  }

  private func verify(by trust: TLSSettings.Trust) throws(SecureError) {
    switch trust {
    case .system:
      var failure = copenssl_failure()
      guard copenssl_context_verify_by_system(handle, &failure) else { throw SecureError(failure) }
    case .certificates(let source):
      try load(try source.read(), from: source, copenssl_context_verify_by)
    }
  }

  private typealias Loader = (OpaquePointer?, UnsafePointer<UInt8>?, Int, UnsafeMutablePointer<copenssl_failure>?) ->
    Bool

  private func load(_ pem: [UInt8], from source: TLSSettings.Source, _ loader: Loader) throws(SecureError) {
    var failure = copenssl_failure()
    guard !pem.withUnsafeBufferPointer({ loader(handle, $0.baseAddress, $0.count, &failure) }) else { return }
    throw SecureError(failure, in: source)
  }

  /// RFC 7301, section 3.1: each name behind a byte with its length.
  private func setProtocols() throws(SecureError) {
    var list: [UInt8] = []
    for name in protocols {
      guard (1...255).contains(name.utf8.count) else {
        throw SecureError(.configuration, "'\(name)' cannot be a protocol's name: it has 1 to 255 bytes")
      }
      list.append(UInt8(truncatingIfNeeded: name.utf8.count))
      list.append(contentsOf: name.utf8)
    }
    // The extension's length, which counts its own two bytes, is of 16 bits.
    guard list.count <= Int(UInt16.max) - 2 else {
      throw SecureError(.configuration, "there are too many protocols to name")
    }
    var failure = copenssl_failure()
    let done = list.withUnsafeBufferPointer {
      copenssl_context_set_protocols(handle, $0.baseAddress, $0.count, &failure)
    }
    guard done else { throw SecureError(failure) }
  }
}
