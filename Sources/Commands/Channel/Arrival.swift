internal import Channels

/// What a message in the mailbox is to a command.
enum Arrival {
  /// A request, response or signal of the peer.
  case regular
  /// A peer wants to talk to a listener.
  case hello
  /// The peer accepted our hello.
  case greeting
  /// Our listener listens.
  case welcome
  /// The peer wants to close in good order.
  case bye
  case byeAnswer
  /// A channel or listener is over.
  case closed(Ending)
  /// Somebody in this process wants us to look around.
  case update
  /// Something that needs nothing done.
  case nothing

  init(_ message: borrowing Message) {
    if message.status == .receiverUpdate, message.isNotice {
      self = .update
    } else if message.isNotice {
      switch (message.opCode, message.status) {
      case (.welcomeResponse, .success): self = .welcome
      case (.signal, .channelClosed): self = .closed(Ending(message))
      default: self = .nothing
      }
    } else {
      switch message.opCode {
      case .request, .response, .signal: self = .regular
      case .helloRequest: self = .hello
      case .helloResponse: self = .greeting
      case .byeRequest: self = .bye
      case .byeResponse: self = .byeAnswer
      case .byeSignal, .welcomeRequest, .welcomeResponse: self = .nothing
      }
    }
  }
}
