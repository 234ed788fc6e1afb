/// Finds where one JSON value ends, over as many pieces of input as it takes.
///
/// It follows the grammar far enough to see at once that a value was broken off: `{"a":1` and then another `{` is an error
/// at that brace, not a value that goes on. Whether numbers, literals and strings are right is left to the parser.
struct ValueScanner {
  enum Outcome: Equatable {
    /// The value ends before this index.
    case complete(end: Int)
    case needsMore
    /// This byte cannot stand where it does.
    case invalid(at: Int)
  }

  private enum Expectation {
    case value, firstKey, key, colon, firstElement, afterElement
  }

  /// Deeper values are refused by the parser in any case.
  private static let depthLimit = 1024

  private var expects = Expectation.value
  /// The containers around this place: true for an object.
  private var containers: [Bool] = []
  private var token = Token.none

  private enum Token {
    case none, string, escape
    /// A number or a literal, which ends where something else begins.
    case word
  }

  /// Goes on at `index`. The caller hands in the same bytes as before and more behind them.
  ///
  /// - Parameter isLast: Nothing will follow, so a number at the end is complete.
  mutating func scan(_ bytes: UnsafeRawBufferPointer, from index: inout Int, isLast: Bool) -> Outcome {
    while index < bytes.count {
      let byte = bytes[index]
      switch token {
      case .string:
        if byte == UInt8(ascii: "\"") {
          token = .none
          index += 1
          if ended(isString: true) { return .complete(end: index) }
          continue
        }
        if byte == UInt8(ascii: "\\") { token = .escape }
        // A raw line end cannot stand in a string: the value was broken off.
        if byte == 0x0A { return .invalid(at: index) }
        index += 1
        continue
      case .escape:
        token = .string
        if byte == 0x0A { return .invalid(at: index) }
        index += 1
        continue
      case .word:
        if Self.isWordByte(byte) {
          index += 1
          continue
        }
        token = .none
        if ended(isString: false) { return .complete(end: index) }
        continue
      case .none: break
      }
      if Self.isBlank(byte) {
        index += 1
        continue
      }
      guard accept(byte) else { return .invalid(at: index) }
      if byte == UInt8(ascii: "}") || byte == UInt8(ascii: "]") {
        index += 1
        if ended(isString: false) { return .complete(end: index) }
        continue
      }
      index += 1
    }
    if isLast, token == .word, containers.isEmpty { return .complete(end: index) }
    return .needsMore
  }

  /// Notes that a key or value ended; true if it was the whole.
  private mutating func ended(isString: Bool) -> Bool {
    if isString, expects == .colon { return false }
    if containers.isEmpty { return true }
    expects = .afterElement
    return false
  }

  /// Takes a byte that stands outside strings and words; false if it cannot stand here.
  private mutating func accept(_ byte: UInt8) -> Bool {
    switch byte {
    case UInt8(ascii: "{"): return begin(isObject: true)
    case UInt8(ascii: "["): return begin(isObject: false)
    case UInt8(ascii: "}"): return end(isObject: true)
    case UInt8(ascii: "]"): return end(isObject: false)
    case UInt8(ascii: ","):
      guard expects == .afterElement, let isObject = containers.last else { return false }
      expects = isObject ? .key : .value
      return true
    case UInt8(ascii: ":"):
      guard expects == .colon else { return false }
      expects = .value
      return true
    case UInt8(ascii: "\""):
      token = .string
      if expects == .key || expects == .firstKey {
        expects = .colon
        return true
      }
      return expects == .value || expects == .firstElement
    default:
      guard Self.isWordByte(byte), expects == .value || expects == .firstElement else { return false }
      token = .word
      return true
    }
  }

  private mutating func begin(isObject: Bool) -> Bool {
    guard expects == .value || expects == .firstElement, containers.count < Self.depthLimit else { return false }
    containers.append(isObject)
    expects = isObject ? .firstKey : .firstElement
    return true
  }

  private mutating func end(isObject: Bool) -> Bool {
    guard containers.last == isObject else { return false }
    guard expects == .afterElement || expects == (isObject ? .firstKey : .firstElement) else { return false }
    containers.removeLast()
    return true
  }

  static func isBlank(_ byte: UInt8) -> Bool { byte == 0x20 || byte == 0x0A || byte == 0x0D || byte == 0x09 }

  private static func isWordByte(_ byte: UInt8) -> Bool {
    switch byte {
    case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "a")...UInt8(ascii: "z"),
      UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "-"), UInt8(ascii: "+"), UInt8(ascii: "."):
      true
    default: false
    }
  }
}
