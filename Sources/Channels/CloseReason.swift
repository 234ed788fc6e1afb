/// Why a channel ended.
public enum CloseReason: Hashable, Sendable {
  /// Both sides agreed, by a bye and its answer.
  case graceful
  /// This side's application closed at once.
  case closedHere
  /// The peer's application closed at once, and said so.
  case closedByPeer
  /// The peer's stream ended without a bye.
  case peerVanished
  /// The peer, or the system between, broke the connection.
  case reset
  /// The address cannot be used: it is malformed, or no name service knows it.
  case invalidAddress
  /// There is no socket at the path.
  case pathNotFound
  /// Nobody listens at the address.
  case refused
  /// No connection came about, for another reason.
  case connectFailed
  /// No connection came about in time.
  case connectTimedOut
  /// The side that connected did not say hello in time.
  case helloTimedOut
  /// The peer broke the rules.
  case violation(FrameViolation)
  /// The system refused to send.
  case sendFailed
  /// The system refused to receive.
  case receiveFailed
  /// The system refused to listen.
  case listenFailed
  /// The system refused to accept.
  case acceptFailed
  /// Nothing came from the peer for as long as heartbeats allow.
  case silent
  /// The peer took what was sent to it more slowly than the bounds of queue or time allow.
  case tooSlow
  /// This side's engine or group is being shut down.
  case shutdown
  /// The two sides found no common ground for a secure connection.
  case secureHandshake
  /// The peer's certificate does not show who it should be.
  case certificate

  /// Its stable name in text, which a final notice carries in `~reason`.
  public var name: StaticString {
    switch self {
    case .graceful: "graceful"
    case .closedHere: "closed_here"
    case .closedByPeer: "closed_by_peer"
    case .peerVanished: "peer_vanished"
    case .reset: "reset"
    case .invalidAddress: "invalid_address"
    case .pathNotFound: "path_not_found"
    case .refused: "refused"
    case .connectFailed: "connect_failed"
    case .connectTimedOut: "connect_timed_out"
    case .helloTimedOut: "hello_timed_out"
    case .violation: "violation"
    case .sendFailed: "send_failed"
    case .receiveFailed: "receive_failed"
    case .listenFailed: "listen_failed"
    case .acceptFailed: "accept_failed"
    case .silent: "silent"
    case .tooSlow: "too_slow"
    case .shutdown: "shutdown"
    case .secureHandshake: "secure_handshake"
    case .certificate: "certificate"
    }
  }

  /// The status of messages that come back because of it. The final notice itself always has `channelClosed`.
  public var status: Status {
    switch self {
    case .graceful, .closedHere, .closedByPeer: .channelClosed
    case .peerVanished, .receiveFailed: .recvFailed
    case .reset: .peerDisconnected
    case .invalidAddress: .invalidAddress
    case .pathNotFound: .udsPathNotFound
    case .refused, .connectFailed, .connectTimedOut: .connectFailed
    case .helloTimedOut, .silent, .secureHandshake, .certificate: .communicationFailed
    case .violation: .invalidMessage
    case .sendFailed, .tooSlow: .sendFailed
    case .listenFailed: .listenFailed
    case .acceptFailed: .acceptFailed
    case .shutdown: .shutdownStarted
    }
  }

  /// One sentence for people, lower case, no full stop.
  public var text: StaticString {
    switch self {
    case .graceful: "both sides agreed to close"
    case .closedHere: "closed at once by this side"
    case .closedByPeer: "closed at once by the peer"
    case .peerVanished: "the peer's stream ended without a bye"
    case .reset: "the connection was broken"
    case .invalidAddress: "the address cannot be used"
    case .pathNotFound: "no socket at this path"
    case .refused: "nobody listens there"
    case .connectFailed: "could not connect"
    case .connectTimedOut: "no connection in time"
    case .helloTimedOut: "the peer did not say hello in time"
    case .violation(let violation): violation.text
    case .sendFailed: "could not send"
    case .receiveFailed: "could not receive"
    case .listenFailed: "could not listen"
    case .acceptFailed: "could not accept connections"
    case .silent: "nothing came from the peer for too long"
    case .tooSlow: "the peer takes messages too slowly"
    case .shutdown: "the engine or group was shut down"
    case .secureHandshake: "no secure connection could be agreed on"
    case .certificate: "the peer's certificate was not accepted"
    }
  }
}
