/// What a request wants done.
public enum Method: UInt8, Sendable {
  case get = 1
  case head
  case post
  case put
  case delete
  case options
  case patch
  /// One that this server has no use for.
  case other

  init(_ text: UnsafeRawBufferPointer) {
    self = Self.known.first { $0.text.withUTF8Buffer { text.elementsEqual($0) } } ?? .other
  }

  private static let known: [Method] = [.get, .head, .post, .put, .delete, .options, .patch]

  /// As it stands in a request; `?` for `other`.
  public var text: StaticString {
    switch self {
    case .get: "GET"
    case .head: "HEAD"
    case .post: "POST"
    case .put: "PUT"
    case .delete: "DELETE"
    case .options: "OPTIONS"
    case .patch: "PATCH"
    case .other: "?"
    }
  }
}
