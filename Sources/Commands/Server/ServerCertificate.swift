internal import Documents
internal import Gateway
internal import Platform
internal import Reactor
internal import TLS

/// Makes the server's end of TLS connections of the certificate that is in use.
final class ServerContext: SecureContext, @unchecked Sendable {
  private let certificate: ServerCertificate

  init(_ certificate: ServerCertificate) {
    self.certificate = certificate
    super.init()
  }

  override func server() throws(SecureError) -> SecureLayer { try certificate.current().server() }
}

/// The server's certificate. New ones are taken into use while the server runs.
///
/// The files are looked at when a connection comes, at most once a second. One that cannot be used, such as a certificate of which
/// the key is not there yet, changes nothing: connections go on with what was read before. Safe from any thread.
final class ServerCertificate: @unchecked Sendable {
  /// Nanoseconds between two looks at the files.
  private static let interval: Int64 = 1_000_000_000
  /// A day, and how long a certificate in memory is valid, in seconds.
  private static let day: Int64 = 86_400
  private static let memoryDays: Int64 = 825

  private let settings: TLSSettings
  private let files: [String]
  private let monotonic: @Sendable () -> Int64
  private let tell: @Sendable (AccessEvent) -> Void
  private let lock: Lock
  // Under the lock.
  private var context: TLSContext
  private var described: CertificateDescription
  private var seen: [Stamp?]
  private var next: Int64

  private struct Stamp: Equatable {
    let identity: File.Identity
    let size: UInt64
    let modified: Int64

    init?(_ path: String) {
      guard let info = try? File.info(path) else { return nil }
      identity = info.identity
      size = info.size
      modified = info.modified
    }
  }

  /// - Throws: Usage for files that cannot be used.
  init(
    _ identity: TLSSettings.Identity, clientAuthorities: String?,
    monotonic: @escaping @Sendable () -> Int64 = Clock.monotonic,
    tell: @escaping @Sendable (AccessEvent) -> Void
  ) throws(Failure) {
    var settings = TLSSettings(.server)
    settings.identity = identity
    settings.applicationProtocols = ["h2", "http/1.1"]
    if let clientAuthorities {
      settings.trust = .certificates(.file(clientAuthorities))
      settings.requireClientCertificate = true
    }
    self.settings = settings
    self.monotonic = monotonic
    self.tell = tell
    var files: [String] = []
    for source in [identity.certificates, identity.privateKey] {
      if case .file(let path) = source { files.append(path) }
    }
    if let clientAuthorities { files.append(clientAuthorities) }
    self.files = files
    seen = files.map { Stamp($0) }
    next = monotonic() &+ Self.interval
    do throws(SystemError) { lock = try Lock() } catch {
      throw Failure(.internal, "out of memory", causes: [error.message])
    }
    do throws(SecureError) {
      context = try TLSContext(settings)
      described = try CertificateDescription(identity.certificates)
    } catch {
      throw Failure(error)
    }
  }

  /// `SHA256:AA:BB:…` of the certificate in use.
  var fingerprint: String {
    lock.lock()
    defer { lock.unlock() }
    return described.fingerprint
  }

  /// When the certificate in use ends, in seconds since 1970-01-01 UTC.
  var end: Int64 {
    lock.lock()
    defer { lock.unlock() }
    return described.end
  }

  /// What is in use, for the next connection.
  func current() -> TLSContext {
    lock.lock()
    let now = monotonic()
    guard now >= next, !files.isEmpty else {
      defer { lock.unlock() }
      return context
    }
    next = now &+ Self.interval
    let event = look()
    let context = self.context
    lock.unlock()
    if let event { tell(event) }
    return context
  }

  private func look() -> AccessEvent? {
    let stamps = files.map { Stamp($0) }
    guard stamps != seen, let identity = settings.identity else { return nil }
    do throws(SecureError) {
      let fresh = try TLSContext(settings)
      described = try CertificateDescription(identity.certificates)
      context = fresh
      seen = stamps
      return .reloaded(path: files[0])
    } catch {
      // Looked at again only after another change: the second file of a pair makes one.
      seen = stamps
      return .unusable(Failure(error))
    }
  }

  // MARK: In memory

  /// A certificate that nobody has seen before, for the listeners' addresses and the names of this machine.
  ///
  /// - Parameter now: nanoseconds since 1970-01-01 UTC.
  static func selfSigned(_ subject: CertificateSubject, now: UInt64) throws(Failure) -> TLSSettings.Identity {
    let made = try make(subject, now: now)
    return TLSSettings.Identity(certificates: .bytes(made.certificate), privateKey: .bytes(made.privateKey))
  }

  /// A certificate that is valid from an hour ago, for clocks that differ, and for as long as systems accept.
  static func make(_ subject: CertificateSubject, now: UInt64) throws(Failure) -> CertificateMaker.Made {
    let seconds = Int64(now / 1_000_000_000)
    do throws(SecureError) {
      return try CertificateMaker.certificate(
        subject.commonName, names: subject.names, addresses: subject.addresses, from: seconds - 3600,
        to: seconds + memoryDays * day, signedBy: nil)
    } catch {
      throw Failure(error)
    }
  }
}

extension Failure {
  /// What is wrong with a certificate, a key or the settings around them.
  init(_ error: SecureError) {
    let kind: Kind = error.kind == .failed ? .internal : .usage
    self.init(kind, error.message, hint: error.hint ?? "Check the options that begin with --tls.")
  }
}
