internal import Arguments
internal import Channels
internal import CommandSupport
internal import Documents

extension Failure {
  /// An error of a channel, as the command tells it.
  init(_ error: ChannelError, address: String? = nil) {
    self.init(
      Kind(error.kind), error.message, hint: error.hint ?? Kind(error.kind).channelHint,
      address: error.address ?? address, causes: error.systemMessage.map { [$0] } ?? [])
  }
}

extension Failure.Kind {
  init(_ kind: ChannelError.Kind) {
    self =
      switch kind {
      case .internal, .shuttingDown: .internal
      case .usage, .invalidAddress, .invalidMessage: .usage
      case .refused: .notFound
      case .busy: .busy
      case .timedOut: .timedOut
      case .closed, .exhausted, .failed: .io
      }
  }

  /// What to do about a connection when nothing better is known.
  fileprivate var channelHint: String? {
    switch self {
    case .io: "Check the network and the other side."
    case .busy, .timedOut: "Try again when the other side keeps up."
    case .usage: "Try `weir channel --help`."
    default: generalHint
    }
  }
}

/// Runs `body`, and carries its error on as a `CommandError`.
func conversing<Value: ~Copyable>(
  _ address: String? = nil, _ body: () throws(ChannelError) -> Value
) throws(CommandError) -> Value {
  do throws(ChannelError) { return try body() } catch { throw .failed(Failure(error, address: address)) }
}

/// Why a channel ended, as its final notice says.
struct Ending {
  let reason: String
  let detail: String

  init(_ notice: borrowing Message) {
    reason = notice.text(ReservedHeader.reason)
    detail = notice.text(ReservedHeader.detail)
  }

  init(_ reason: CloseReason) {
    self.reason = reason.name.text
    detail = reason.text.text
  }

  var isGraceful: Bool { known == .graceful }

  /// What happened, in one sentence. What the system said of an end that both sides wanted is no news.
  var sentence: String { isGraceful ? CloseReason.graceful.text.text : detail }

  /// Whether another attempt may find the peer.
  var mayPass: Bool {
    switch known {
    case .invalidAddress, .certificate: false
    default: true
    }
  }

  /// The reason, without the rule that a violation broke.
  private var known: CloseReason? {
    Self.reasons.first { $0.name.text.hasSameBytes(as: reason) }
  }

  private static let reasons: [CloseReason] = [
    .graceful, .closedHere, .closedByPeer, .peerVanished, .reset, .invalidAddress, .pathNotFound, .refused,
    .connectFailed, .connectTimedOut, .helloTimedOut, .sendFailed, .receiveFailed, .listenFailed, .acceptFailed,
    .silent, .tooSlow, .shutdown, .secureHandshake, .certificate,
  ]

  /// The end as an error, for a command that was not done.
  func failure(_ address: ChannelAddress) -> Failure {
    if isGraceful {
      return Failure(
        .io, "the peer said bye before everything was done", hint: "See why it ended; then run this again.",
        address: address.text)
    }
    let text = known?.text.text ?? "the peer broke the rules"
    let (kind, hint) = advice
    return Failure(
      kind, text, hint: hint, address: address.text, causes: detail.hasSameBytes(as: text) ? [] : [detail])
  }

  /// The same for a listener.
  func failureToListen(_ address: ChannelAddress) -> Failure {
    var failure = failure(address)
    if known == .invalidAddress {
      failure.kind = .usage
      failure.hint = "Use an address of this machine, * for all of them, or a shorter path."
    }
    return failure
  }

  private var advice: (Failure.Kind, String) {
    switch known {
    case .refused, .pathNotFound: (.notFound, "Start the other side first, or check the address.")
    case .invalidAddress: (.notFound, "Check the name of the host, or the path.")
    case .listenFailed: (.io, "Another program may listen there, or the address needs more rights.")
    case .connectTimedOut, .helloTimedOut, .silent:
      (.timedOut, "Check that the other side runs and that no firewall is between.")
    case .certificate: (.permission, "Name the authority that signed it with --tls-ca, and check its names.")
    case .secureHandshake: (.io, "Check that both sides speak TLS, and what each asks of the other.")
    case .closedByPeer, .peerVanished, .reset: (.io, "The peer ended, or did not accept us: see what it says.")
    default: (.io, "Check the network and the other side.")
    }
  }
}

extension Message {
  /// The value of a header; empty if there is none.
  borrowing func text(_ name: StaticString) -> String {
    guard let value = headers.first(named: name) else { return "" }
    return value.withUnsafeBytes { String(decoding: $0, as: UTF8.self) }
  }
}
