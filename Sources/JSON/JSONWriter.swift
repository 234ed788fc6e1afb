/// Writes one JSON text value by value, with commas, colons, indentation and colours put in.
///
///     var json = JSONWriter(style: .pretty)
///     json.beginObject()
///     json.key("seq")
///     json.value(UInt64(7))
///     json.endObject()
///
/// The calls must form one value: a key before each member, every container ended. Containers nest at most 64 deep.
public struct JSONWriter: ~Copyable {
  /// The text so far. What is appended directly must be whole values or white space.
  public var output: ByteWriter

  private var layout: JSONLayout
  private var depth = 0
  /// Bit n: the container at depth n + 1 has a member or element already.
  private var filled: UInt64 = 0
  private var isAfterKey = false

  /// Makes an empty writer.
  public init(style: JSONStyle = .compact, capacity: Int = 256) {
    output = ByteWriter(capacity: capacity)
    layout = JSONLayout(style)
  }

  /// Begins an object.
  public mutating func beginObject() { begin(UInt8(ascii: "{")) }

  /// Ends the innermost object.
  public mutating func endObject() { end(UInt8(ascii: "}")) }

  /// Begins an array.
  public mutating func beginArray() { begin(UInt8(ascii: "[")) }

  /// Ends the innermost array.
  public mutating func endArray() { end(UInt8(ascii: "]")) }

  /// Writes the key of the next member.
  public mutating func key(_ text: String) {
    separate()
    layout.beginScalar(.key, into: &output)
    output.appendQuoted(text)
    endKey()
  }

  /// Writes an integer.
  public mutating func value(_ number: Int64) {
    scalar(.number) { $0.appendDecimal(number) }
  }

  /// Writes an integer.
  public mutating func value(_ number: UInt64) {
    scalar(.number) { $0.appendDecimal(number) }
  }

  /// Writes a double; NaN and infinities, which JSON cannot hold, become null.
  public mutating func value(_ number: Double) {
    guard number.isFinite else { return null() }
    scalar(.number) { _ = $0.appendDecimal(number) }
  }

  /// Writes a boolean.
  public mutating func value(_ flag: Bool) {
    scalar(.boolean) { $0.append(flag ? "true" : "false") }
  }

  /// Writes a string.
  public mutating func value(_ text: String) {
    scalar(.string) { $0.appendQuoted(text) }
  }

  /// Writes a string of UTF-8 bytes; bytes that are not UTF-8 become null.
  public mutating func value(utf8 text: RawSpan) {
    guard UTF8Check.isValid(text) else { return null() }
    prepareValue()
    layout.beginScalar(.string, into: &output)
    _ = output.appendQuoted(text)
    layout.endScalar(into: &output)
  }

  /// Writes a point in time, in nanoseconds since 1970, as an RFC 3339 string.
  public mutating func value(timestamp nanoseconds: UInt64) {
    scalar(.string) {
      $0.append(UInt8(ascii: "\""))
      $0.appendTimestamp(nanoseconds)
      $0.append(UInt8(ascii: "\""))
    }
  }

  /// Writes null.
  public mutating func null() {
    scalar(.plain) { $0.append("null") }
  }

  private mutating func begin(_ bracket: UInt8) {
    precondition(depth < 64, "containers nest at most 64 deep")
    prepareValue()
    layout.open(bracket, into: &output)
    filled &= ~(1 << UInt64(depth))
    depth += 1
  }

  private mutating func end(_ bracket: UInt8) {
    precondition(depth > 0, "no container to end")
    depth -= 1
    layout.close(bracket, isEmpty: filled & (1 << UInt64(depth)) == 0, into: &output)
  }

  /// Comma and line break before a member or element.
  private mutating func separate() {
    guard depth > 0 else { return }
    let bit: UInt64 = 1 << UInt64(depth - 1)
    layout.separator(isFirst: filled & bit == 0, into: &output)
    filled |= bit
  }

  private mutating func prepareValue() {
    if isAfterKey {
      isAfterKey = false
    } else {
      separate()
    }
  }

  private mutating func endKey() {
    layout.endScalar(into: &output)
    layout.colon(into: &output)
    isAfterKey = true
  }

  private mutating func scalar(_ color: JSONColor, _ write: (inout ByteWriter) -> Void) {
    prepareValue()
    layout.beginScalar(color, into: &output)
    write(&output)
    layout.endScalar(into: &output)
  }
}
