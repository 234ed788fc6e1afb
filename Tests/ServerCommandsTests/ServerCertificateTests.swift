import Documents
import Gateway
import Platform
import Reactor
import Support
import Synchronization
import TLS
import Testing

@testable import ServerCommands

struct ServerCertificateTests {
  /// A clock that a test moves.
  final class HandClock: Sendable {
    private let time = Mutex<Int64>(0)
    var now: Int64 { time.withLock { $0 } }
    func advance() { time.withLock { $0 += 1_000_000_000 } }
  }

  let directory: TemporaryDirectory
  let clock = HandClock()
  let identity: TLSSettings.Identity

  init() throws {
    directory = try TemporaryDirectory()
    identity = .init(
      certificates: .file(directory.file("cert")), privateKey: .file(directory.file("key")))
  }

  private func make() throws -> CertificateMaker.Made {
    try ServerCertificate.make(CertificateSubject([.standard], machineName: nil), now: Clock.wall())
  }

  private func install(_ made: CertificateMaker.Made, certificate: Bool = true, key: Bool = true) throws {
    // As a renewal does it: a new file takes the name.
    for (name, bytes, isWanted) in [("cert", made.certificate, certificate), ("key", made.privateKey, key)]
    where isWanted {
      try write(bytes, to: directory.file(name + ".new"))
      try Paths.replace(directory.file(name + ".new"), as: directory.file(name))
    }
  }

  @Test func aRenewedCertificateIsTakenIntoUse() throws {
    let events = Mutex<[String]>([])
    let first = try make()
    try install(first)
    let clock = clock
    let certificate = try ServerCertificate(identity, clientAuthorities: nil, monotonic: { clock.now }) { event in
      events.withLock { list in
        switch event {
        case .reloaded: list.append("reloaded")
        case .unusable: list.append("unusable")
        }
      }
    }
    let before = certificate.fingerprint
    let context = certificate.current()
    clock.advance()
    #expect(certificate.current() === context)

    let second = try make()
    try install(second, key: false)
    clock.advance()
    // A certificate without its key.
    #expect(certificate.current() === context)
    #expect(certificate.fingerprint == before)
    try install(second, certificate: false)
    #expect(certificate.current() === context)
    clock.advance()
    #expect(certificate.current() !== context)
    #expect(certificate.fingerprint == (try CertificateDescription(.bytes(second.certificate)).fingerprint))
    #expect(events.withLock { $0 } == ["unusable", "reloaded"])

    try Paths.remove(directory.file("cert"))
    clock.advance()
    _ = certificate.current()
    clock.advance()
    _ = certificate.current()
    #expect(events.withLock { $0 } == ["unusable", "reloaded", "unusable"])
    #expect(certificate.fingerprint == (try CertificateDescription(.bytes(second.certificate)).fingerprint))
  }

  @Test func missingFilesAreAnErrorAtAStart() {
    do throws(Failure) {
      _ = try ServerCertificate(identity, clientAuthorities: nil) { _ in }
      Issue.record("made of nothing")
    } catch {
      #expect(error.kind == .usage)
      #expect(error.hint != nil)
    }
  }

  @Test func aCertificateInMemoryStaysTheSame() throws {
    let identity = try ServerCertificate.selfSigned(
      CertificateSubject([.standard], machineName: "a"), now: Clock.wall())
    let clock = clock
    let certificate = try ServerCertificate(identity, clientAuthorities: nil, monotonic: { clock.now }) { _ in }
    let context = certificate.current()
    clock.advance()
    #expect(certificate.current() === context)
    #expect(certificate.fingerprint.wholeMatch(of: /SHA256(:[0-9A-F]{2}){32}/) != nil)
  }

  @Test(arguments: [
    ("builder", "builder"), ("192.0.2.1", "localhost"), ("a b", "localhost"), ("", "localhost"),
  ])
  func oddMachineNamesAreLeftOut(machine: String, host: String) {
    #expect(CertificateSubject([], machineName: machine).bestHost == host)
  }

  @Test func everyNameIsThereOnce() throws {
    var subject = CertificateSubject([.standard, .everywhere], machineName: "localhost")
    try subject.add("127.0.0.1")
    try subject.add("0::1")
    try subject.add("localhost")
    #expect(subject.names == ["localhost"])
    #expect(subject.addresses == ["127.0.0.1", "::1"])
  }
}
