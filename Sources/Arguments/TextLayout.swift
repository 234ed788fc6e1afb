/// Breaks and indents prose for a terminal.
enum TextLayout {
  static let width = 100

  /// The words of `text` in lines of at most `width` columns, the second and later ones indented by `indent`. `column` is
  /// where the first line begins. Words longer than a line stay whole.
  static func fill(_ text: String, from column: Int, indent: Int) -> String {
    var result = ""
    var used = column
    var isFirst = true
    for word in text.utf8.split(separator: UInt8(ascii: " ")) {
      let length = columns(of: word)
      if !isFirst, used + 1 + length > width {
        result += "\n" + spaces(indent)
        used = indent
      } else if !isFirst {
        result += " "
        used += 1
      }
      result += String(decoding: word, as: UTF8.self)
      used += length
      isFirst = false
    }
    return result
  }

  /// Paragraphs separated by empty lines; a line that begins with two spaces is kept as it is.
  static func paragraphs(_ text: String, indent: Int) -> String {
    var lines: [String] = []
    var paragraph = ""
    func flush(_ lines: inout [String], _ paragraph: inout String) {
      if paragraph.utf8.isEmpty { return }
      lines.append(spaces(indent) + fill(paragraph, from: indent, indent: indent))
      paragraph = ""
    }
    for line in text.utf8.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false) {
      let line = String(decoding: line, as: UTF8.self)
      if line.utf8.isEmpty {
        flush(&lines, &paragraph)
        lines.append("")
      } else if line.hasBytePrefix("  ") {
        flush(&lines, &paragraph)
        lines.append(spaces(indent) + line)
      } else {
        paragraph += paragraph.utf8.isEmpty ? line : " " + line
      }
    }
    flush(&lines, &paragraph)
    return lines.joinedText("\n")
  }

  static func spaces(_ count: Int) -> String { String(repeating: " ", count: max(0, count)) }

  static func padded(_ text: String, to width: Int) -> String {
    text + spaces(width - columns(of: text.utf8))
  }

  /// One column a character: every byte that does not continue one.
  static func columns(of bytes: some Sequence<UInt8>) -> Int {
    var count = 0
    for byte in bytes where byte & 0xC0 != 0x80 { count += 1 }
    return count
  }
}
