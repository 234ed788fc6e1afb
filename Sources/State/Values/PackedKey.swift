public import SQLite

/// The values of a row's key as bytes: `Documentation/state-format.md`, section 2.
///
/// One byte for the number of values; for each value a byte whose low 3 bits say its type and whose high 5 bits how many bytes of a
/// number follow: the integer itself, or the length of a text or blob. Numbers are big-endian, as short as they can be, and unsigned.
public enum PackedKey {
  private enum Tag {
    static let integer: UInt8 = 1
    static let real: UInt8 = 2
    static let text: UInt8 = 3
    static let blob: UInt8 = 4
    static let null: UInt8 = 5
  }

  /// More values than a key can have.
  public static let largestCount = 255

  /// Packs values as they are stored. At most 255.
  public static func pack(_ values: [SQLiteValue]) -> [UInt8] {
    var bytes: [UInt8] = [UInt8(truncatingIfNeeded: values.count)]
    for value in values { append(value, to: &bytes) }
    return bytes
  }

  package static func append(_ value: SQLiteValue, to bytes: inout [UInt8]) {
    switch value {
    case .null: bytes.append(Tag.null)
    case .integer(let number): append(integer: number, to: &bytes)
    case .real(let number): append(real: number, to: &bytes)
    case .text(let text): text.withUnsafeBytes { append(text: $0, to: &bytes) }
    case .blob(let blob): blob.withUnsafeBytes { append(blob: $0, to: &bytes) }
    }
  }

  static func append(integer: Int64, to bytes: inout [UInt8]) {
    append(number: UInt64(bitPattern: integer), Tag.integer, to: &bytes)
  }

  static func append(real: Double, to bytes: inout [UInt8]) {
    bytes.append(Tag.real)
    for shift in stride(from: 56, through: 0, by: -8) {
      bytes.append(UInt8(truncatingIfNeeded: real.bitPattern >> UInt64(shift)))
    }
  }

  static func append(text: UnsafeRawBufferPointer, to bytes: inout [UInt8]) {
    append(number: UInt64(text.count), Tag.text, to: &bytes)
    bytes.append(contentsOf: text)
  }

  static func append(blob: UnsafeRawBufferPointer, to bytes: inout [UInt8]) {
    append(number: UInt64(blob.count), Tag.blob, to: &bytes)
    bytes.append(contentsOf: blob)
  }

  private static func append(number: UInt64, _ tag: UInt8, to bytes: inout [UInt8]) {
    let count = (64 - number.leadingZeroBitCount + 7) / 8
    bytes.append(tag | UInt8(count) << 3)
    for place in stride(from: count - 1, through: 0, by: -1) {
      bytes.append(UInt8(truncatingIfNeeded: number >> UInt64(8 * place)))
    }
  }

  /// The packed form of one integer.
  static func pack(integer: Int64) -> [UInt8] {
    var bytes: [UInt8] = [1]
    append(integer: integer, to: &bytes)
    return bytes
  }

  /// The values. What follows the announced number of them is ignored, as peers do.
  ///
  /// - Throws: `.malformed` if it ends too early or has an unknown type.
  public static func unpack(_ bytes: [UInt8]) throws(StateError) -> [SQLiteValue] {
    var rest = bytes[...]
    guard let count = rest.popFirst() else { throw StateError(.malformed, "a packed key is empty") }
    var values: [SQLiteValue] = []
    values.reserveCapacity(Int(count))
    for _ in 0..<count { values.append(try next(&rest)) }
    return values
  }

  private static func next(_ rest: inout ArraySlice<UInt8>) throws(StateError) -> SQLiteValue {
    guard let tag = rest.popFirst() else { throw endsEarly }
    let count = Int(tag >> 3)
    switch tag & 7 {
    case Tag.integer: return .integer(Int64(bitPattern: try number(&rest, count)))
    case Tag.real: return .real(Double(bitPattern: try number(&rest, 8)))
    case Tag.text: return .text(try run(&rest, try length(&rest, count)))
    case Tag.blob: return .blob(try run(&rest, try length(&rest, count)))
    case Tag.null: return .null
    case let other: throw StateError(.malformed, "a packed key has a value of the unknown type \(other)")
    }
  }

  private static var endsEarly: StateError { StateError(.malformed, "a packed key ends before its last value") }

  private static func length(_ rest: inout ArraySlice<UInt8>, _ count: Int) throws(StateError) -> UInt64 {
    guard count <= 4 else { throw StateError(.malformed, "a packed key has a length of \(count) bytes") }
    return try number(&rest, count)
  }

  private static func number(_ rest: inout ArraySlice<UInt8>, _ count: Int) throws(StateError) -> UInt64 {
    guard count <= 8 else { throw StateError(.malformed, "a packed key has an integer of \(count) bytes") }
    guard rest.count >= count else { throw endsEarly }
    let number = rest.prefix(count).reduce(0) { $0 << 8 | UInt64($1) }
    rest.removeFirst(count)
    return number
  }

  private static func run(_ rest: inout ArraySlice<UInt8>, _ count: UInt64) throws(StateError) -> [UInt8] {
    guard UInt64(rest.count) >= count else { throw endsEarly }
    let bytes = Array(rest.prefix(Int(count)))
    rest.removeFirst(Int(count))
    return bytes
  }
}
