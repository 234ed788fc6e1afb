package import Platform

/// Why a call on a channel, group or engine did not happen. Nothing was changed, and a message that was to be sent is still
/// the caller's, unless the call's documentation says otherwise.
public struct ChannelError: Error, Sendable {
  /// The reasons that callers tell apart. Stable across versions.
  public enum Kind: UInt8, Sendable, CaseIterable {
    /// A fault of this library.
    case `internal` = 1
    /// The request cannot be served as it was put.
    case usage
    /// An address that is malformed, or cannot be used for this.
    case invalidAddress
    /// A message that must not be sent as it is.
    case invalidMessage
    /// The channel is gone, or is not to be sent on any more.
    case closed
    /// A queue is full: try again when the peer has caught up.
    case busy
    /// The engine or group is being shut down.
    case shuttingDown
    /// It took longer than allowed.
    case timedOut
    /// No message, channel number or memory is left.
    case exhausted
    /// Nobody listens there, or the peer declined.
    case refused
    /// The system or the connection failed.
    case failed
  }

  /// What kind of failure.
  public var kind: Kind
  /// The same in upstream's terms.
  public var status: Status
  /// What is wrong: one sentence, lower case, no full stop.
  public var message: String
  /// What to do about it, if anything can be done.
  public var hint: String?
  /// The channel concerned.
  public var channel: UInt16?
  /// The address concerned, as people write it.
  public var address: String?
  /// What the system called it: `errno` or `GetLastError`; 0 if it was not the system.
  public var systemCode: Int32
  /// The system's own sentence.
  public var systemMessage: String?

  /// An error with these parts; without a status, the one that `kind` stands for.
  public init(
    _ kind: Kind, _ message: String, status: Status? = nil, hint: String? = nil, channel: UInt16? = nil,
    address: String? = nil, systemCode: Int32 = 0, systemMessage: String? = nil
  ) {
    self.kind = kind
    self.status = status ?? kind.status
    self.message = message
    self.hint = hint
    self.channel = channel
    self.address = address
    self.systemCode = systemCode
    self.systemMessage = systemMessage
  }

  /// A failure of the system while doing `message`.
  package init(_ error: SystemError, _ message: String, address: String? = nil, channel: UInt16? = nil) {
    self.init(
      .failed, message, channel: channel, address: address, systemCode: error.code, systemMessage: error.message)
    switch error.kind {
    case .refused:
      become(.refused, .connectFailed, hint: "start the other side first, or check the address")
    case .notFound:
      become(.refused, .udsPathNotFound, hint: "start the other side first, or check the path")
    case .timedOut:
      become(.timedOut, .connectFailed, hint: "check that the host is up and that no firewall is between")
    case .unreachable:
      become(.failed, .connectFailed, hint: "check the network and the address")
    case .addressInUse, .exists:
      become(.invalidAddress, .listenFailed, hint: "another program listens there: stop it, or choose another address")
    case .addressNotAvailable:
      become(.invalidAddress, .invalidAddress, hint: "use an address of this machine")
    case .invalid, .nameTooLong, .unsupported:
      become(.invalidAddress, .invalidAddress, hint: "check the address")
    case .permission:
      become(.failed, .communicationFailed, hint: "ports below 1024 and foreign directories need more rights")
    case .limit:
      become(.exhausted, .communicationFailed, hint: "raise the limit of open files, or close some channels")
    case .noMemory:
      become(.exhausted, .allocationFailed, hint: nil)
    case .reset, .closed:
      become(.closed, .peerDisconnected, hint: nil)
    default:
      break
    }
  }

  private mutating func become(_ kind: Kind, _ status: Status, hint: String?) {
    self.kind = kind
    self.status = status
    self.hint = hint
  }
}

extension ChannelError.Kind {
  /// The one status that stands for this kind where nothing closer is known.
  public var status: Status {
    switch self {
    case .internal: .unknownError
    case .usage, .busy: .notAllowed
    case .invalidAddress: .invalidAddress
    case .invalidMessage: .invalidMessage
    case .closed: .channelClosed
    case .shuttingDown: .shutdownStarted
    case .timedOut, .failed: .communicationFailed
    case .exhausted: .poolEmpty
    case .refused: .connectFailed
    }
  }

  /// Its stable name in text.
  public var name: StaticString {
    switch self {
    case .internal: "internal"
    case .usage: "usage"
    case .invalidAddress: "invalid_address"
    case .invalidMessage: "invalid_message"
    case .closed: "closed"
    case .busy: "busy"
    case .shuttingDown: "shutting_down"
    case .timedOut: "timed_out"
    case .exhausted: "exhausted"
    case .refused: "refused"
    case .failed: "failed"
    }
  }
}
