/// Writes what stands between the scalars of a JSON text, in any style.
///
/// A value is written as: `beginScalar`, its text, `endScalar`; or `open`, the contents, `close`. Before each member or
/// element comes `separator`; between key and value `colon`.
package struct JSONLayout {
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
