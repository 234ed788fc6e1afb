/// Finds where a text stops being JSON.
///
/// The fast parser says that a text is wrong, not where. This walk says where, and runs only after a refusal, so it is
/// written for plainness. It knows grammar and nesting; UTF-8 and the range of numbers are checked elsewhere.
struct JSONSyntaxCheck: ~Escapable {
  private let text: RawSpan
  private var index = 0
  private var depth = 0
  /// Bit n of `kinds[n / 64]`: the container at depth n + 1 is an object.
  private var kinds: SIMD2<UInt64> = .zero

  private enum Stop: Error { case here }

  /// The offset of the first byte that cannot continue a JSON text; the length if the text ends too early; nil if its
  /// grammar is right.
  static func faultOffset(in text: RawSpan) -> Int? {
    var check = JSONSyntaxCheck(text)
    do throws(Stop) {
      try check.run()
      return nil
    } catch {
      return check.index
    }
  }

  @_lifetime(copy text)
  private init(_ text: RawSpan) {
    self.text = text
  }

  private var byte: UInt8? { index < text.byteCount ? text.byte(at: index) : nil }

  @_lifetime(self: copy self)
  private mutating func run() throws(Stop) {
    skipSpace()
    var wantsValue = true
    repeat {
      if wantsValue {
        wantsValue = try beginValue()
      } else {
        wantsValue = try afterValue()
      }
    } while wantsValue || depth > 0
    skipSpace()
    if byte != nil { throw .here }
  }

  /// Reads a scalar, or the start of a container up to its first value; true if a value must follow.
  @_lifetime(self: copy self)
  private mutating func beginValue() throws(Stop) -> Bool {
    skipSpace()
    switch byte {
    case UInt8(ascii: "{"):
      return try open(isObject: true, close: UInt8(ascii: "}"))
    case UInt8(ascii: "["):
      return try open(isObject: false, close: UInt8(ascii: "]"))
    case UInt8(ascii: "\""):
      try string()
    case UInt8(ascii: "t"):
      try literal("true")
    case UInt8(ascii: "f"):
      try literal("false")
    case UInt8(ascii: "n"):
      try literal("null")
    default:
      try number()
    }
    return false
  }

  @_lifetime(self: copy self)
  private mutating func open(isObject: Bool, close: UInt8) throws(Stop) -> Bool {
    guard depth < JSONLimits.depth else { throw .here }
    let bit: UInt64 = 1 << UInt64(depth % 64)
    kinds[depth / 64] = isObject ? kinds[depth / 64] | bit : kinds[depth / 64] & ~bit
    depth += 1
    index += 1
    skipSpace()
    if byte == close {
      index += 1
      depth -= 1
      return false
    }
    if isObject { try key() }
    return true
  }

  /// Reads what may follow a value inside a container; true if another value must follow.
  @_lifetime(self: copy self)
  private mutating func afterValue() throws(Stop) -> Bool {
    let isObject = kinds[(depth - 1) / 64] >> UInt64((depth - 1) % 64) & 1 == 1
    skipSpace()
    if byte == UInt8(ascii: ",") {
      index += 1
      if isObject { try key() }
      return true
    }
    guard byte == (isObject ? UInt8(ascii: "}") : UInt8(ascii: "]")) else { throw .here }
    index += 1
    depth -= 1
    return false
  }

  @_lifetime(self: copy self)
  private mutating func key() throws(Stop) {
    skipSpace()
    try string()
    skipSpace()
    try skip(UInt8(ascii: ":"))
  }

  @_lifetime(self: copy self)
  private mutating func string() throws(Stop) {
    try skip(UInt8(ascii: "\""))
    while let current = byte, current != UInt8(ascii: "\"") {
      guard current >= 0x20 else { throw .here }
      index += 1
      if current == UInt8(ascii: "\\") { try escape() }
    }
    try skip(UInt8(ascii: "\""))
  }

  @_lifetime(self: copy self)
  private mutating func escape() throws(Stop) {
    let backslash = index - 1
    switch byte {
    case UInt8(ascii: "u"):
      index += 1
      let unit = try hexUnit()
      guard unit & 0xf800 == 0xd800 else { return }
      // A high surrogate and, directly behind it, a low one; anything else is at fault from its backslash on.
      if unit < 0xdc00, byte == UInt8(ascii: "\\") {
        index += 1
        if byte == UInt8(ascii: "u") {
          index += 1
          if try hexUnit() & 0xfc00 == 0xdc00 { return }
        }
      }
      index = backslash
      throw .here
    case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"), UInt8(ascii: "b"), UInt8(ascii: "f"),
      UInt8(ascii: "n"), UInt8(ascii: "r"), UInt8(ascii: "t"):
      index += 1
    default:
      throw .here
    }
  }

  @_lifetime(self: copy self)
  private mutating func hexUnit() throws(Stop) -> UInt32 {
    var unit: UInt32 = 0
    for _ in 0..<4 {
      guard let digit = byte.flatMap({ hexDigit($0) }) else { throw .here }
      unit = unit << 4 | digit
      index += 1
    }
    return unit
  }

  @_lifetime(self: copy self)
  private mutating func number() throws(Stop) {
    if byte == UInt8(ascii: "-") { index += 1 }
    if byte == UInt8(ascii: "0") {
      index += 1
    } else {
      try digits()
    }
    if byte == UInt8(ascii: ".") {
      index += 1
      try digits()
    }
    if byte == UInt8(ascii: "e") || byte == UInt8(ascii: "E") {
      index += 1
      if byte == UInt8(ascii: "+") || byte == UInt8(ascii: "-") { index += 1 }
      try digits()
    }
  }

  @_lifetime(self: copy self)
  private mutating func digits() throws(Stop) {
    guard let first = byte, isDigit(first) else { throw .here }
    while let current = byte, isDigit(current) { index += 1 }
  }

  @_lifetime(self: copy self)
  private mutating func literal(_ word: StaticString) throws(Stop) {
    for offset in 0..<word.utf8CodeUnitCount { try skip(word.utf8Start[offset]) }
  }

  @_lifetime(self: copy self)
  private mutating func skip(_ expected: UInt8) throws(Stop) {
    guard byte == expected else { throw .here }
    index += 1
  }

  @_lifetime(self: copy self)
  private mutating func skipSpace() {
    while let current = byte, isJSONSpace(current) { index += 1 }
  }

  private func isDigit(_ byte: UInt8) -> Bool {
    byte &- UInt8(ascii: "0") < 10
  }

  private func hexDigit(_ byte: UInt8) -> UInt32? {
    switch byte {
    case UInt8(ascii: "0")...UInt8(ascii: "9"): UInt32(byte - UInt8(ascii: "0"))
    case UInt8(ascii: "a")...UInt8(ascii: "f"): UInt32(byte - UInt8(ascii: "a")) + 10
    case UInt8(ascii: "A")...UInt8(ascii: "F"): UInt32(byte - UInt8(ascii: "A")) + 10
    default: nil
    }
  }
}

/// Whether a byte is white space in JSON.
func isJSONSpace(_ byte: UInt8) -> Bool {
  byte == 0x20 || byte == 0x0a || byte == 0x0d || byte == 0x09
}
