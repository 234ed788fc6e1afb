/// Why a message must not be sent on a channel now.
enum PostRefusal: Equatable, Sendable, CaseIterable {
  /// A listener sends nothing: it can only be closed.
  case isListener
  /// The operation opens a channel, and this one is open already; or it is a notice of the engine.
  case opensChannels
  /// Nothing came from the peer yet, so there is nothing to answer.
  case notGreeted
  /// A hello is answered once, by the side that accepted.
  case noHelloOpen
  /// The peer has not said bye.
  case noByeOpen
  /// A bye is answered once: by the application, or by the engine if both sides said bye at once.
  case byeAnswered
  /// The answer carries another id than what it answers.
  case wrongID
  /// This side has said bye.
  case afterOwnBye
  /// The peer has said bye: only the answer is left to send.
  case afterPeersBye
  /// The channel is gone.
  case closed

  /// The kind of the error that tells the caller.
  var kind: ChannelError.Kind {
    switch self {
    case .isListener, .opensChannels, .notGreeted: .usage
    case .noHelloOpen, .noByeOpen, .wrongID: .invalidMessage
    case .byeAnswered, .afterOwnBye, .afterPeersBye, .closed: .closed
    }
  }

  /// The same in upstream's terms.
  var status: Status {
    switch self {
    case .isListener, .notGreeted, .noHelloOpen, .noByeOpen: .notAllowed
    case .opensChannels: .invalidOpCode
    case .wrongID: .invalidMessageID
    case .byeAnswered, .afterOwnBye, .afterPeersBye, .closed: .channelClosed
    }
  }

  /// One sentence for people, lower case, no full stop.
  var text: StaticString {
    switch self {
    case .isListener: "a listener cannot send"
    case .opensChannels: "this operation is not for a channel that exists"
    case .notGreeted: "the peer has not said hello yet"
    case .noHelloOpen: "there is no hello to answer"
    case .noByeOpen: "there is no bye to answer"
    case .byeAnswered: "the bye was answered already"
    case .wrongID: "the answer needs the id of what it answers"
    case .afterOwnBye: "this side has said bye"
    case .afterPeersBye: "the peer has said bye: only the answer can be sent"
    case .closed: "the channel is closed"
    }
  }
}

extension ChannelError {
  /// The error that gives a message back.
  init(_ refusal: PostRefusal, channel: UInt16) {
    self.init(refusal.kind, refusal.text.text, status: refusal.status, channel: channel)
  }
}
