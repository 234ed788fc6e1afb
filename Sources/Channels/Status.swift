/// What a message says about itself, or what an engine says to its own application. The raw value is the status byte of a frame.
///
/// Numbers and names are those of upstream, so that its users recognise them. One name is corrected: upstream misspells 11 as
/// `invelid_mchn_group`.
public enum Status: UInt8, Sendable, CaseIterable {
  case success = 0
  case notImplementedYet
  case wrongAddress
  case notAllowed
  case nullMessage
  case invalidMessage
  case invalidOpCode
  case invalidHeadersLen
  case invalidBodyLen
  case invalidMoreUsage
  case invalidChannelNumber
  case invalidMchnGroup
  case invalidMessageID
  case invalidAddress
  case udsPathNotFound
  case notificationDisabled
  case notificationFailed
  case peerDisconnected
  case communicationFailed
  case poolEmpty
  case allocationFailed
  case receiverUpdate
  case channelClosed
  case shutdownStarted
  case connectFailed
  case listenFailed
  case acceptFailed
  case sendFailed
  case recvFailed
  case setsockoptFailed
  case processingFailed
  case unknownError

  /// The meaning of a status byte: 31 and everything above it is `unknownError`.
  ///
  /// A peer's application may use any value for its own ends, so keep the byte where it matters.
  public init(wire: UInt8) {
    self = Status(rawValue: wire) ?? .unknownError
  }

  /// Its stable name in text.
  public var name: StaticString {
    switch self {
    case .success: "success"
    case .notImplementedYet: "not_implemented_yet"
    case .wrongAddress: "wrong_address"
    case .notAllowed: "not_allowed"
    case .nullMessage: "null_message"
    case .invalidMessage: "invalid_message"
    case .invalidOpCode: "invalid_op_code"
    case .invalidHeadersLen: "invalid_headers_len"
    case .invalidBodyLen: "invalid_body_len"
    case .invalidMoreUsage: "invalid_more_usage"
    case .invalidChannelNumber: "invalid_channel_number"
    case .invalidMchnGroup: "invalid_mchn_group"
    case .invalidMessageID: "invalid_message_id"
    case .invalidAddress: "invalid_address"
    case .udsPathNotFound: "uds_path_not_found"
    case .notificationDisabled: "notification_disabled"
    case .notificationFailed: "notification_failed"
    case .peerDisconnected: "peer_disconnected"
    case .communicationFailed: "communication_failed"
    case .poolEmpty: "pool_empty"
    case .allocationFailed: "allocation_failed"
    case .receiverUpdate: "receiver_update"
    case .channelClosed: "channel_closed"
    case .shutdownStarted: "shutdown_started"
    case .connectFailed: "connect_failed"
    case .listenFailed: "listen_failed"
    case .acceptFailed: "accept_failed"
    case .sendFailed: "send_failed"
    case .recvFailed: "recv_failed"
    case .setsockoptFailed: "setsockopt_failed"
    case .processingFailed: "processing_failed"
    case .unknownError: "unknown_error"
    }
  }

  /// One sentence for people, lower case, no full stop.
  public var summary: StaticString {
    switch self {
    case .success: "all is well"
    case .notImplementedYet: "not implemented"
    case .wrongAddress: "a hello or welcome needs an address"
    case .notAllowed: "not allowed at this time"
    case .nullMessage: "there is no message"
    case .invalidMessage: "the message is not valid here"
    case .invalidOpCode: "no such operation, or it has no answer"
    case .invalidHeadersLen: "the text headers exceed 65535 bytes"
    case .invalidBodyLen: "the body exceeds 65535 bytes"
    case .invalidMoreUsage: "only requests, responses and signals can have more to follow"
    case .invalidChannelNumber: "no such channel"
    case .invalidMchnGroup: "the channel belongs to another group"
    case .invalidMessageID: "a response needs the id of its request"
    case .invalidAddress: "the address cannot be used"
    case .udsPathNotFound: "no socket at this path"
    case .notificationDisabled: "the engine does not run"
    case .notificationFailed: "the engine could not be told"
    case .peerDisconnected: "the peer broke the connection"
    case .communicationFailed: "the connection failed"
    case .poolEmpty: "no message is free to receive into"
    case .allocationFailed: "out of memory"
    case .receiverUpdate: "a word from another part of the program"
    case .channelClosed: "the channel is closed"
    case .shutdownStarted: "the engine or group is being shut down"
    case .connectFailed: "could not connect"
    case .listenFailed: "could not listen"
    case .acceptFailed: "could not accept connections"
    case .sendFailed: "could not send"
    case .recvFailed: "the peer is gone"
    case .setsockoptFailed: "the system refused a setting of the socket"
    case .processingFailed: "the message could not be processed"
    case .unknownError: "a status without a name"
    }
  }
}
