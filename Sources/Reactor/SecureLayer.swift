/// A layer between a stream and its socket that turns plain bytes into what goes over the wire, and back.
///
/// It performs no input or output of its own: bytes from the peer are handed to `receive`, bytes for the peer are fetched with
/// `takeWire`. After any call, also `read` and one that threw, the caller fetches and sends what there is. A caller reads until
/// `read` returns 0 before it hands in more, so that what waits inside is bounded by what was handed in once. Not thread-safe:
/// whoever owns the stream owns the layer. Once a call has thrown, only `takeWire` makes sense: it may hold an alert for the
/// peer; the other calls throw the same error again.
///
/// A stream that ends while `peerHasFinished` is false, with all read, was cut off: what came may not be all that was sent.
open class SecureLayer {
  /// A layer that does nothing; for those that derive from it.
  public init() {}

  /// Whether the handshake is over, so that `write` may be called.
  open var isEstablished: Bool { false }

  /// Whether the peer has said that it sends no more. `read` finds it out, once all that came before has been read.
  open var peerHasFinished: Bool { false }

  /// What was agreed on by ALPN; nil if nothing was.
  open var applicationProtocol: String? { nil }

  /// The subject of the certificate that the peer showed and that was verified; nil if it showed none.
  open var peerName: String? { nil }

  /// Begins: a client produces its first flight.
  open func start() throws(SecureError) {}

  /// Takes bytes from the peer, all of them. May end the handshake, and then plain bytes may already wait. What is wrong with
  /// bytes that come after the handshake shows in `read`.
  open func receive(_ wire: UnsafeRawBufferPointer) throws(SecureError) {}

  /// Moves plain bytes that have arrived into `buffer` and returns how many, perhaps fewer than there are; 0 when there are none
  /// for now, or no more at all if `peerHasFinished`.
  open func read(into buffer: UnsafeMutableRawBufferPointer) throws(SecureError) -> Int { 0 }

  /// Encrypts all of `plain`, once the handshake is over and until `finish`. It does not bound what it produces: the caller
  /// stops writing while too much waits to be sent.
  open func write(_ plain: UnsafeRawBufferPointer) throws(SecureError) {}

  /// Tells the peer that nothing more will be sent. Reading may go on.
  open func finish() {}

  /// Moves bytes for the peer into `buffer` and returns how many; 0 when there are none.
  open func takeWire(into buffer: UnsafeMutableRawBufferPointer) -> Int { 0 }
}

/// Makes the secure layers of one configuration: its certificates, trust and protocols. Safe from any thread.
open class SecureContext: @unchecked Sendable {
  /// A context that makes nothing; for those that derive from it.
  public init() {}

  /// A layer for a connection to `host`, whose certificate must be for that name or address.
  open func client(host: String) throws(SecureError) -> SecureLayer {
    throw SecureError(.unsupported, "this context makes no clients")
  }

  /// A layer for a connection that was accepted.
  open func server() throws(SecureError) -> SecureLayer {
    throw SecureError(.unsupported, "this context makes no servers")
  }
}

/// Why a secure connection, or its configuration, does not work.
public struct SecureError: Error, Sendable {
  /// The reasons that callers tell apart.
  public enum Kind: UInt8, Sendable {
    /// A file or setting that cannot be used.
    case configuration = 1
    /// The peer's certificate is missing, expired, for another name, or signed by nobody we trust.
    case certificate
    /// The two sides found no common ground: version, cipher, protocol.
    case handshake
    /// The bytes that came are not what the protocol allows.
    case violation
    /// This build or context cannot do it.
    case unsupported
    /// Anything else, such as a lack of memory.
    case failed
  }

  /// What kind of reason it is.
  public var kind: Kind
  /// One sentence, lower case, no full stop: what is wrong.
  public var message: String
  /// What to do about it, if anything can be done.
  public var hint: String?

  /// An error of this kind, with one sentence and perhaps a way out.
  public init(_ kind: Kind, _ message: String, hint: String? = nil) {
    self.kind = kind
    self.message = message
    self.hint = hint
  }
}
