/// What a message is for. The raw value is the operation's number in a frame.
///
/// `welcomeRequest` and `welcomeResponse` pass between an application and its own engine only; the others may cross a
/// connection.
public enum OpCode: UInt8, Sendable, CaseIterable {
  /// Asks for an answer.
  case request = 0
  /// Answers a request.
  case response
  /// Tells something that needs no answer. Also every notice that an engine makes for its own application.
  case signal
  /// The first frame of a connection, from the side that connected.
  case helloRequest
  /// Accepts a connection.
  case helloResponse
  /// Asks to close in good order: its sender sends nothing after it.
  case byeRequest
  /// Agrees to close: its sender sends nothing after it, and its receiver closes the connection.
  case byeResponse
  /// Closes at once.
  case byeSignal
  /// Asks one's own engine to listen.
  case welcomeRequest
  /// Says that one's own engine listens, or why not.
  case welcomeResponse

  /// The families of operations.
  public enum Kind: UInt8, Sendable {
    case regular = 0
    case welcome
    case hello
    case bye
  }

  /// The part that an operation plays in an exchange.
  public enum Role: UInt8, Sendable {
    case request = 0
    case response
    case signal
  }

  /// The operation with this stable name, byte for byte; nil if there is none.
  public init?(name: String) {
    for one in Self.allCases where one.name.isSame(as: name) {
      self = one
      return
    }
    return nil
  }

  /// The family it belongs to.
  public var kind: Kind {
    switch self {
    case .request, .response, .signal: .regular
    case .helloRequest, .helloResponse: .hello
    case .byeRequest, .byeResponse, .byeSignal: .bye
    case .welcomeRequest, .welcomeResponse: .welcome
    }
  }

  /// The part it plays.
  public var role: Role {
    switch self {
    case .request, .helloRequest, .byeRequest, .welcomeRequest: .request
    case .response, .helloResponse, .byeResponse, .welcomeResponse: .response
    case .signal, .byeSignal: .signal
    }
  }

  /// The operation that answers this one, a signal being answered by a signal; nil if nothing does.
  public var reply: OpCode? {
    switch self {
    case .request: .response
    case .signal: .signal
    case .helloRequest: .helloResponse
    case .byeRequest: .byeResponse
    case .welcomeRequest: .welcomeResponse
    case .response, .helloResponse, .byeResponse, .byeSignal, .welcomeResponse: nil
    }
  }

  /// Whether a frame on a connection may carry it.
  public var mayCrossConnection: Bool { kind != .welcome }

  /// Its stable name in text.
  public var name: StaticString {
    switch self {
    case .request: "request"
    case .response: "response"
    case .signal: "signal"
    case .helloRequest: "hello_request"
    case .helloResponse: "hello_response"
    case .byeRequest: "bye_request"
    case .byeResponse: "bye_response"
    case .byeSignal: "bye_signal"
    case .welcomeRequest: "welcome_request"
    case .welcomeResponse: "welcome_response"
    }
  }
}
