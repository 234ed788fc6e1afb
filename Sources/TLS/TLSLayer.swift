internal import COpenSSL
public import Reactor

/// One end of one TLS connection, between memory and memory.
///
/// What `receive` takes stays here until it is read: callers read until there is nothing more before they hand in more. Then at
/// most one record (about 16 KiB), and in the handshake one message (about 100 KiB), waits in here.
public final class TLSLayer: SecureLayer {
  private let session: OpaquePointer
  /// Must outlive the session.
  private let side: Side
  private let peer: String
  private var established = false
  private var finished = false
  private var failure: SecureError?
  /// Plain bytes to encrypt once the peer has completed the message that it began.
  private(set) var heldBack: [UInt8] = []

  init(_ side: Side, host: String?) throws(SecureError) {
    var failure = copenssl_failure()
    let session: OpaquePointer? =
      if let host {
        host.withCString { copenssl_session_new(side.handle, $0, &failure) }
      } else {
        copenssl_session_new(side.handle, nil, &failure)
      }
    guard let session else {
      if failure.reason == COPENSSL_NOT_ACCEPTED_AS_SETTING {
        throw SecureError(.configuration, "'\(host ?? "")' is not the name or address of a host")
      }
      throw SecureError(failure)
    }
    self.session = session
    self.side = side
    peer = host ?? "the client"
    super.init()
  }

  deinit { copenssl_session_free(session) }

  public override var isEstablished: Bool { established }

  public override var peerHasFinished: Bool { copenssl_session_peer_finished(session) && failure == nil }

  public override var applicationProtocol: String? {
    guard established else { return nil }
    var name: UnsafePointer<UInt8>?
    let count = copenssl_session_protocol(session, &name)
    guard count > 0 else { return nil }
    return String(decoding: UnsafeBufferPointer(start: name, count: count), as: UTF8.self)
  }

  /// The subject in the form of RFC 2253, such as `CN=node-1,O=Example`; at most 4096 bytes of it.
  public override var peerName: String? {
    guard established else { return nil }
    return withUnsafeTemporaryAllocation(byteCount: 4096, alignment: 1) { buffer in
      let bytes = buffer.bindMemory(to: UInt8.self)
      let count = Int(copenssl_session_peer_subject(session, bytes.baseAddress, bytes.count))
      return count < 0 ? nil : String(decoding: bytes.prefix(count), as: UTF8.self)
    }
  }

  public override func start() throws(SecureError) { try shakeHands() }

  public override func receive(_ wire: UnsafeRawBufferPointer) throws(SecureError) {
    if let failure { throw failure }
    guard wire.count > 0 else { return }
    var failure = copenssl_failure()
    let bytes = wire.bindMemory(to: UInt8.self)
    guard copenssl_session_receive(session, bytes.baseAddress, bytes.count, &failure) else { throw fail(failure) }
    if !established { try shakeHands() }
  }

  public override func read(into buffer: UnsafeMutableRawBufferPointer) throws(SecureError) -> Int {
    if let failure { throw failure }
    guard established, buffer.count > 0 else { return 0 }
    var failure = copenssl_failure()
    let bytes = buffer.bindMemory(to: UInt8.self)
    let count = copenssl_session_read(session, bytes.baseAddress, bytes.count, &failure)
    guard count >= 0 else { throw fail(failure) }
    if !heldBack.isEmpty { try releaseHeldBack() }
    return Int(count)
  }

  /// Encrypts all of `plain`, once the handshake is over.
  ///
  /// While the peer owes the rest of a message of the protocol, up to `TLSLimits.heldBackBytes` are kept for later.
  ///
  /// - Throws: `.failed` before the end of the handshake and after `finish`, which harms nothing; else the layer is of no
  ///   more use.
  public override func write(_ plain: UnsafeRawBufferPointer) throws(SecureError) {
    if let failure { throw failure }
    guard established, !finished else {
      throw SecureError(.failed, established ? "nothing can be sent after the end" : "the handshake is not over")
    }
    guard plain.count > 0 else { return }
    let taken = heldBack.isEmpty ? try encrypt(plain) : 0
    guard taken < plain.count else { return }
    heldBack.append(contentsOf: plain[taken...])
    guard heldBack.count <= TLSLimits.heldBackBytes else {
      throw fail(SecureError(.violation, "\(peer) began a message of TLS and does not complete it"))
    }
  }

  public override func finish() {
    guard failure == nil, !finished else { return }
    finished = true
    if heldBack.isEmpty { copenssl_session_finish(session) }
  }

  public override func takeWire(into buffer: UnsafeMutableRawBufferPointer) -> Int {
    guard buffer.count > 0 else { return 0 }
    let bytes = buffer.bindMemory(to: UInt8.self)
    return copenssl_session_take(session, bytes.baseAddress, bytes.count)
  }

  private func shakeHands() throws(SecureError) {
    if let failure { throw failure }
    var failure = copenssl_failure()
    let state = copenssl_session_handshake(session, &failure)
    guard state >= 0 else { throw fail(failure) }
    guard state == 1, !established else { return }
    established = true
    guard let chosen = applicationProtocol, !side.isServer else { return }
    guard !side.protocols.contains(where: { $0.utf8.elementsEqual(chosen.utf8) }) else { return }
    throw fail(SecureError(.violation, "\(peer) chose an application protocol that we did not offer"))
  }

  private func encrypt(_ plain: UnsafeRawBufferPointer) throws(SecureError) -> Int {
    var failure = copenssl_failure()
    let bytes = plain.bindMemory(to: UInt8.self)
    let taken = copenssl_session_write(session, bytes.baseAddress, bytes.count, &failure)
    guard taken >= 0 else { throw fail(failure) }
    return Int(taken)
  }

  private func releaseHeldBack() throws(SecureError) {
    let waiting = heldBack
    var outcome = Result<Int, SecureError>.success(0)
    waiting.withUnsafeBytes { bytes in
      do throws(SecureError) { outcome = .success(try encrypt(bytes)) } catch { outcome = .failure(error) }
    }
    let taken = try outcome.get()
    heldBack.removeFirst(taken)
    if heldBack.isEmpty, finished { copenssl_session_finish(session) }
  }

  private func fail(_ failure: copenssl_failure) -> SecureError { fail(SecureError(failure, peer: peer)) }

  private func fail(_ error: SecureError) -> SecureError {
    failure = error
    return error
  }
}
