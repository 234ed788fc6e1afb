/// What to ask a server.
public struct HTTPRequest: Sendable {
  /// `GET`, `POST`, …
  public var method: String
  /// The whole address: `http` or `https`, no spaces.
  public var url: String
  /// Names and values. They go to this server and nowhere else: no redirect is followed, and a proxy that only passes bytes on
  /// does not see them.
  public var headers: [(name: String, value: String)] = []
  /// What is sent behind the head; nil for nothing.
  public var body: [UInt8]?
  /// The longest silence, in nanoseconds: time in which nothing of the body went out and nothing came back.
  public var idleTimeout: Int64 = 30_000_000_000
  /// How long all of it may take, in nanoseconds; nil for as long as it goes on.
  public var timeout: Int64? = 120_000_000_000
  /// Whether it does no harm to send it twice. What is not is sent once: when a kept connection breaks before the answer, the
  /// request fails rather than to be sent again.
  public var isRepeatable: Bool

  /// A request; one that reads, or says what shall be, may be sent twice.
  public init(_ method: String, _ url: String) {
    self.method = method
    self.url = url
    isRepeatable = !method.utf8.elementsEqual("POST".utf8) && !method.utf8.elementsEqual("PATCH".utf8)
  }

  var isSecure: Bool { url.utf8.starts(with: "https:".utf8) }

  /// Why the request cannot be sent as it is.
  var fault: HTTPFailure? {
    if !Self.isToken(method) { return HTTPFailure(.invalid, "'\(method)' is no method") }
    let isPlain = url.utf8.allSatisfy { $0 > 0x20 && $0 < 0x7F }
    guard isPlain, url.utf8.starts(with: "http://".utf8) || url.utf8.starts(with: "https://".utf8) else {
      return HTTPFailure(.invalid, "not an address that can be asked", hint: "Write it as http://HOST:PORT/….")
    }
    for (name, value) in headers {
      let isSafe = value.utf8.allSatisfy { $0 >= 0x20 && $0 != 0x7F || $0 == 0x09 }
      if !Self.isToken(name) || !isSafe {
        return HTTPFailure(
          .invalid, "the header '\(name)' cannot be sent", hint: "A header has no line ends or control characters.")
      }
    }
    return nil
  }

  /// RFC 9110, section 5.6.2.
  private static func isToken(_ text: String) -> Bool {
    !text.utf8.isEmpty
      && text.utf8.allSatisfy { byte in
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
          UInt8(ascii: "0")...UInt8(ascii: "9"):
          true
        default: "!#$%&'*+-.^_`|~".utf8.contains(byte)
        }
      }
  }
}

/// The beginning of an answer.
public struct HTTPHead: Sendable {
  /// 200 to 599; what comes before the real answer (1xx) is passed over.
  public var status: Int
  /// Names and values in the order in which they came.
  public var headers: [(name: String, value: String)] = []

  /// The first value of this name, whatever its case; nil if there is none.
  public func value(_ name: String) -> String? {
    headers.first { $0.name.utf8.elementsEqual(name.utf8, by: Self.sameLetter) }?.value
  }

  private static func sameLetter(_ a: UInt8, _ b: UInt8) -> Bool { lowercase(a) == lowercase(b) }

  private static func lowercase(_ byte: UInt8) -> UInt8 {
    byte >= UInt8(ascii: "A") && byte <= UInt8(ascii: "Z") ? byte | 0x20 : byte
  }
}

/// An answer that was collected.
public struct HTTPResponse: Sendable {
  /// Its beginning.
  public var head: HTTPHead
  /// The rest.
  public var body: [UInt8]
}
