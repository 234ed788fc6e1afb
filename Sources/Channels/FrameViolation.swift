/// How a peer broke the rules of a connection. The connection ends: what follows cannot be trusted.
public enum FrameViolation: Error, Equatable, Sendable, CaseIterable {
  /// Fewer bytes than a header has.
  case incompleteHeader
  /// An operation that is not defined (10 to 15).
  case reservedOpCode
  /// An operation that never crosses a connection (welcome).
  case localOpCode
  /// A frame that claims to come from our own engine.
  case forgedOrigin
  /// One of the two bits that are for local use only.
  case reservedBits
  /// More to follow, on an operation that is always whole.
  case moreOnControl
  /// The side that connected did not begin with a hello.
  case firstNotHello
  /// A second hello, or one from the side that accepted.
  case unexpectedHello
  /// A hello was answered twice, or one that was never sent.
  case unexpectedHelloResponse
  /// A bye was answered that was never sent.
  case unexpectedByeResponse
  /// Something followed the peer's own bye.
  case afterBye

  /// Its stable name in text.
  public var name: StaticString {
    switch self {
    case .incompleteHeader: "incomplete_header"
    case .reservedOpCode: "reserved_op_code"
    case .localOpCode: "local_op_code"
    case .forgedOrigin: "forged_origin"
    case .reservedBits: "reserved_bits"
    case .moreOnControl: "more_on_control"
    case .firstNotHello: "first_not_hello"
    case .unexpectedHello: "unexpected_hello"
    case .unexpectedHelloResponse: "unexpected_hello_response"
    case .unexpectedByeResponse: "unexpected_bye_response"
    case .afterBye: "after_bye"
    }
  }

  /// One sentence for people, lower case, no full stop.
  public var text: StaticString {
    switch self {
    case .incompleteHeader: "the frame ends within its header"
    case .reservedOpCode: "the peer sent an operation that does not exist"
    case .localOpCode: "the peer sent an operation that never crosses a connection"
    case .forgedOrigin: "the peer sent a frame in the name of our own engine"
    case .reservedBits: "the peer set bits that are for local use only"
    case .moreOnControl: "the peer announced more to follow on a hello or bye"
    case .firstNotHello: "the peer did not begin with a hello"
    case .unexpectedHello: "the peer sent a hello where none belongs"
    case .unexpectedHelloResponse: "the peer answered a hello that was not open"
    case .unexpectedByeResponse: "the peer answered a bye that was not open"
    case .afterBye: "the peer went on after its own bye"
    }
  }
}
