/// Writes what stands between the scalars of a JSON text.
///
/// A value is written as: `beginScalar`, its text, `endScalar`; or `open`, the contents, `close`. Before each member or
/// element comes `separator`; between key and value `colon`. Two conformers, so that the compact text, which goes to
/// pipes and sockets by the million, has no test for style in it.
package protocol JSONLayout {
  mutating func open(_ bracket: UInt8, into output: inout ByteWriter)
  mutating func separator(isFirst: Bool, into output: inout ByteWriter)
  func colon(into output: inout ByteWriter)
  mutating func close(_ bracket: UInt8, isEmpty: Bool, into output: inout ByteWriter)
  func beginScalar(_ color: JSONColor, into output: inout ByteWriter)
  func endScalar(into output: inout ByteWriter)
}

/// No white space, no colour.
@frozen
package struct CompactLayout: JSONLayout {
  @inlinable package init() {}

  @inlinable @inline(__always)
  package mutating func open(_ bracket: UInt8, into output: inout ByteWriter) {
    output.append(bracket)
  }

  @inlinable @inline(__always)
  package mutating func separator(isFirst: Bool, into output: inout ByteWriter) {
    if !isFirst { output.append(UInt8(ascii: ",")) }
  }

  @inlinable @inline(__always)
  package func colon(into output: inout ByteWriter) {
    output.append(UInt8(ascii: ":"))
  }

  @inlinable @inline(__always)
  package mutating func close(_ bracket: UInt8, isEmpty: Bool, into output: inout ByteWriter) {
    output.append(bracket)
  }

  @inlinable @inline(__always)
  package func beginScalar(_ color: JSONColor, into output: inout ByteWriter) {}

  @inlinable @inline(__always)
  package func endScalar(into output: inout ByteWriter) {}
}

/// Any style.
package struct StyledLayout: JSONLayout {
  private let style: JSONStyle
  private var depth = 0

  package init(_ style: JSONStyle) {
    self.style = style
  }

  package mutating func open(_ bracket: UInt8, into output: inout ByteWriter) {
    punctuation(bracket, into: &output)
    depth += 1
  }

  package mutating func separator(isFirst: Bool, into output: inout ByteWriter) {
    if !isFirst { punctuation(UInt8(ascii: ","), into: &output) }
    newLine(into: &output)
  }

  package func colon(into output: inout ByteWriter) {
    punctuation(UInt8(ascii: ":"), into: &output)
    if style.isPretty { output.append(UInt8(ascii: " ")) }
  }

  package mutating func close(_ bracket: UInt8, isEmpty: Bool, into output: inout ByteWriter) {
    depth -= 1
    if !isEmpty { newLine(into: &output) }
    punctuation(bracket, into: &output)
  }

  package func beginScalar(_ color: JSONColor, into output: inout ByteWriter) {
    guard style.isColored else { return }
    output.append("\u{1b}[")
    output.appendDecimal(UInt64(color.rawValue))
    output.append("m")
  }

  package func endScalar(into output: inout ByteWriter) {
    if style.isColored { output.append("\u{1b}[0m") }
  }

  private func punctuation(_ byte: UInt8, into output: inout ByteWriter) {
    beginScalar(.plain, into: &output)
    output.append(byte)
    endScalar(into: &output)
  }

  private func newLine(into output: inout ByteWriter) {
    guard style.isPretty else { return }
    output.append(UInt8(ascii: "\n"))
    for _ in 0..<depth { output.append("  ") }
  }
}
