public import Platform

/// Who is at the other end of a connection. The same for all of its requests.
public final class Peer: Sendable {
  /// Where the connection comes from.
  public let address: SocketAddress
  /// The address of the listener that it came to.
  public let listener: SocketAddress
  /// The number that the listener was given.
  public let listenerNumber: Int
  /// Whether it is encrypted.
  public let isSecure: Bool
  /// Whether the peer is this machine.
  public let isLoopback: Bool
  /// The subject of the certificate that the peer showed and that was verified; nil if it showed none.
  public let name: String?

  init(address: SocketAddress, listener: SocketAddress, number: Int, isSecure: Bool, name: String?) {
    self.address = address
    isLoopback = address.isLoopback
    self.listener = listener
    listenerNumber = number
    self.isSecure = isSecure
    self.name = name
  }
}

/// The version of the protocol that a request came by.
public enum HTTPVersion: UInt8, Sendable {
  case http10, http11, http2
}

/// One request, complete with its body. Does not change; safe from any thread.
///
/// Names of fields are in lower case. Text is bytes: what a client sent as a name or value is compared byte by byte, and shown
/// with replacement characters where it is not UTF-8.
public final class Request: Sendable {
  /// What is wanted.
  public let method: Method
  /// What it came by.
  public let version: HTTPVersion
  /// Who asks.
  public let peer: Peer
  /// The body; at most what the server's limits allow.
  public let body: [UInt8]
  private let bytes: [UInt8]
  private let target: Range<Int>
  private let query: Range<Int>
  private let fields: [Field]

  struct Field: Sendable {
    var name: Range<Int>
    var value: Range<Int>

    /// - Parameter bytes: What the ranges are of.
    func isNamed(_ wanted: StaticString, in bytes: [UInt8]) -> Bool {
      guard name.count == wanted.utf8CodeUnitCount else { return false }
      return bytes.withUnsafeBufferPointer { bytes in
        wanted.withUTF8Buffer { wanted in
          for index in wanted.indices where bytes[name.lowerBound + index] != wanted[index] { return false }
          return true
        }
      }
    }
  }

  init(_ parts: consuming RequestParts, body: [UInt8], peer: Peer) {
    method = parts.method
    version = parts.version
    self.peer = peer
    self.body = body
    bytes = parts.bytes
    fields = parts.fields
    let whole = parts.target
    let mark = bytes[whole].firstIndex(of: UInt8(ascii: "?")) ?? whole.upperBound
    target = whole.lowerBound..<mark
    query = min(mark + 1, whole.upperBound)..<whole.upperBound
  }

  /// The path as it was sent, percent-encoding and all: it begins with `/`, but for `*` of OPTIONS.
  public var rawPath: ArraySlice<UInt8> { bytes[target] }

  /// The path as it was sent, for people to see.
  public var pathText: String { String(decoding: bytes[target], as: UTF8.self) }

  /// What stands behind the `?`, as it was sent; empty if there is none.
  public var rawQuery: ArraySlice<UInt8> { bytes[query] }

  /// The value of the first field with this name, which is given in lower case; nil if there is none.
  public func header(_ name: StaticString) -> String? {
    guard let range = first(name) else { return nil }
    return String(decoding: bytes[range], as: UTF8.self)
  }

  /// The bytes of the value of the first field with this name.
  public func headerBytes(_ name: StaticString) -> ArraySlice<UInt8>? { first(name).map { bytes[$0] } }

  /// How many fields have this name.
  public func headerCount(_ name: StaticString) -> Int {
    fields.count { $0.isNamed(name, in: bytes) }
  }

  private func first(_ name: StaticString) -> Range<Int>? {
    fields.first { $0.isNamed(name, in: bytes) }?.value
  }
}

/// Words in the values of fields, where the case of letters does not count.
public enum FieldWord {
  /// Whether both are the same but for the case of letters.
  ///
  /// - Parameter lowercase: Without capital letters.
  public static func isSame(_ text: ArraySlice<UInt8>, _ lowercase: StaticString) -> Bool {
    guard text.count == lowercase.utf8CodeUnitCount else { return false }
    return text.withUnsafeBufferPointer { text in
      lowercase.withUTF8Buffer { wanted in
        for index in wanted.indices {
          let byte = text[index]
          if (byte &- 0x41 < 26 ? byte | 0x20 : byte) != wanted[index] { return false }
        }
        return true
      }
    }
  }
}

/// A request's head in the making: what parsers put together.
struct RequestParts {
  var method = Method.other
  var version = HTTPVersion.http11
  fileprivate(set) var bytes: [UInt8] = []
  fileprivate(set) var target = 0..<0
  fileprivate(set) var fields: [Request.Field] = []

  /// Bytes of the head so far.
  var count: Int { bytes.count }
  /// Fields so far.
  var fieldCount: Int { fields.count }

  /// Makes room for a head of so many bytes.
  mutating func reserve(_ count: Int) {
    bytes.reserveCapacity(count)
    fields.reserveCapacity(16)
  }

  mutating func setTarget(_ text: UnsafeRawBufferPointer) {
    target = bytes.count..<bytes.count + text.count
    bytes.append(contentsOf: text)
  }

  /// Adds a field whose name is known.
  mutating func addField(_ name: StaticString, _ value: UnsafeRawBufferPointer) {
    name.withUTF8Buffer { addField(UnsafeRawBufferPointer($0), value) }
  }

  /// Adds a field; the name is put into lower case.
  mutating func addField(_ name: UnsafeRawBufferPointer, _ value: UnsafeRawBufferPointer) {
    let start = bytes.count
    bytes.append(contentsOf: name)
    let middle = bytes.count
    for index in start..<middle where bytes[index] &- 0x41 < 26 { bytes[index] |= 0x20 }
    bytes.append(contentsOf: value)
    fields.append(Request.Field(name: start..<middle, value: middle..<bytes.count))
  }

  /// The value of the only field with this name; nil for none, or more than one.
  func only(_ name: StaticString) -> ArraySlice<UInt8>? {
    var found: ArraySlice<UInt8>?
    for field in fields where field.isNamed(name, in: bytes) {
      if found != nil { return nil }
      found = bytes[field.value]
    }
    return found
  }

  /// What `expect` says, which means nothing in HTTP/1.0 (RFC 9110, section 10.1.1).
  enum Expectation { case none, goOn, unknown }

  var expectation: Expectation {
    guard version != .http10, count(of: "expect") > 0 else { return .none }
    guard let text = only("expect"), FieldWord.isSame(text, "100-continue") else { return .unknown }
    return .goOn
  }

  /// Makes the target a path: it may come with scheme and host before it (RFC 9112, section 3.2.2), which must be the host of
  /// `host`. False if it is not a path, or the `*` of OPTIONS.
  mutating func settleTarget() -> Bool {
    let text = bytes[target]
    if text.first == UInt8(ascii: "/") { return true }
    if text.count == 1, text.first == UInt8(ascii: "*") { return method == .options }
    guard let colon = text.firstIndex(of: UInt8(ascii: ":")),
      bytes[colon..<target.upperBound].starts(with: [0x3a, 0x2f, 0x2f] as [UInt8]),
      FieldWord.isSame(text[..<colon], "http") || FieldWord.isSame(text[..<colon], "https")
    else { return false }
    let rest = text[(colon + 3)...]
    let end = rest.firstIndex { $0 == UInt8(ascii: "/") || $0 == UInt8(ascii: "?") } ?? rest.endIndex
    guard let host = only("host"), host.elementsEqual(rest[..<end]) else { return false }
    guard end == rest.endIndex || bytes[end] == UInt8(ascii: "?") else {
      target = end..<target.upperBound
      return true
    }
    let start = bytes.count
    bytes.append(UInt8(ascii: "/"))
    bytes += rest[end...]
    target = start..<bytes.count
    return true
  }

  /// How many fields have this name.
  func count(of name: StaticString) -> Int { fields.count { $0.isNamed(name, in: bytes) } }
}
