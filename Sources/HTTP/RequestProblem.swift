/// Why a request is not handed to the handler.
public enum RequestProblem: UInt8, Error, Sendable {
  /// It is not what the protocol allows, or could mean two things.
  case malformed = 1
  /// Its head is longer than the limit.
  case headTooLarge
  /// Its body is longer than the limit.
  case bodyTooLarge
  /// It did not come to its end in time.
  case tooSlow
  /// A way to transfer bodies that this server does not know.
  case unknownTransfer
  /// A version of the protocol that this server does not speak.
  case unknownVersion
  /// A method that this server does not know.
  case unknownMethod
  /// Something other than `100-continue` was expected.
  case unknownExpectation
  /// The server has as many connections as it may have.
  case tooManyConnections

  /// The status that says so.
  public var status: UInt16 {
    switch self {
    case .malformed: 400
    case .headTooLarge: 431
    case .bodyTooLarge: 413
    case .tooSlow: 408
    case .unknownTransfer, .unknownMethod: 501
    case .unknownVersion: 505
    case .unknownExpectation: 417
    case .tooManyConnections: 503
    }
  }

  /// One sentence, lower case, no full stop.
  public var message: StaticString {
    switch self {
    case .malformed: "malformed request"
    case .headTooLarge: "request head is too large"
    case .bodyTooLarge: "request body is too large"
    case .tooSlow: "request took too long"
    case .unknownTransfer: "unknown transfer encoding"
    case .unknownMethod: "unknown method"
    case .unknownVersion: "unsupported HTTP version"
    case .unknownExpectation: "unsupported expectation"
    case .tooManyConnections: "too many connections"
    }
  }
}
