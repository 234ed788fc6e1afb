/// Puts the lines of a head together. Passes over heads of 1xx, and over what comes behind the body.
struct HTTPHeadCollector {
  enum Step { case more, complete, tooLarge, malformed }

  /// Bytes of all lines together, trailers and passed-over heads included.
  private let limit: Int
  private var taken = 0
  private(set) var head = HTTPHead(status: 0)
  private(set) var isComplete = false

  init(limit: Int) { self.limit = limit }

  /// Takes one line with its line end.
  mutating func take(_ line: UnsafeRawBufferPointer) -> Step {
    taken += line.count
    if taken > limit { return .tooLarge }
    if isComplete { return .more }
    let text = Self.withoutLineEnd(line)
    if text.isEmpty {
      if head.status < 200 { return .more }
      isComplete = true
      return .complete
    }
    if text.starts(with: "HTTP/".utf8) {
      guard let status = Self.status(text) else { return .malformed }
      head = HTTPHead(status: status)
    } else if let colon = text.firstIndex(of: UInt8(ascii: ":")) {
      let name = String(decoding: text[..<colon], as: UTF8.self)
      head.headers.append((name, String(decoding: Self.trimmed(text[(colon + 1)...]), as: UTF8.self)))
    }
    return .more
  }

  private typealias Bytes = Slice<UnsafeRawBufferPointer>

  private static func withoutLineEnd(_ line: UnsafeRawBufferPointer) -> Bytes {
    var text = line[...]
    while let last = text.last, last == 0x0A || last == 0x0D { text = text.dropLast() }
    return text
  }

  private static func trimmed(_ text: Bytes) -> Bytes {
    var text = text
    while let first = text.first, first == 0x20 || first == 0x09 { text = text.dropFirst() }
    while let last = text.last, last == 0x20 || last == 0x09 { text = text.dropLast() }
    return text
  }

  /// Three digits behind the version.
  private static func status(_ line: Bytes) -> Int? {
    guard let space = line.firstIndex(of: 0x20) else { return nil }
    let digits = line[(space + 1)...].prefix(3)
    guard digits.count == 3, digits.allSatisfy({ $0 >= 0x30 && $0 <= 0x39 }) else { return nil }
    let status = digits.reduce(0) { $0 * 10 + Int($1 - 0x30) }
    return status >= 100 && status < 600 ? status : nil
  }
}
