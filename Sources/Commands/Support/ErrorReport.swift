internal import Arguments
package import Documents
internal import Platform

/// An error as text: a labelled line for each thing that is known.
package struct ErrorReport {
  private let error: Failure

  package init(_ error: Failure) { self.error = error }

  /// A line each: `error`, `hint`, `path`, `address`, `seq`, `offset`, `caused by` (the first cause).
  package func text(isColored: Bool, directory: String?) -> String {
    var text = Self.line("error", error.message, color: isColored ? 31 : nil)
    func add(_ label: String, _ value: String?) {
      if let value { text += Self.line(label, value, color: isColored ? 33 : nil) }
    }
    add("hint", error.hintSentence)
    add("path", error.path.map { Self.shortened($0, directory: directory) })
    add("address", error.address)
    add("seq", error.sequence.map { "\($0)" })
    add("offset", error.offset.map { "\($0)" })
    add("caused by", error.causes.first)
    return text
  }

  private static func line(_ label: String, _ value: String, color: Int?) -> String {
    // A value with line ends of its own must not look like further labels.
    var escaped: [UInt8] = []
    for byte in value.utf8 {
      switch byte {
      case 0x0A: escaped += Array("\\n".utf8)
      case 0x0D: escaped += Array("\\r".utf8)
      case 0..<0x20, 0x7F: escaped.append(UInt8(ascii: "?"))
      default: escaped.append(byte)
      }
    }
    let label = color.map { "\u{1B}[\($0)m\(label):\u{1B}[0m" } ?? "\(label):"
    return "\(label) \(String(decoding: escaped, as: UTF8.self))\n"
  }

  /// `./…` for what lies below the directory one is in.
  static func shortened(_ path: String, directory: String?) -> String {
    guard let directory, path.hasBytePrefix(directory) else { return path }
    let rest = path.droppingBytes(directory.utf8.count)
    guard let first = rest.utf8.first else { return path }
    if Paths.isSeparator(first) { return "." + rest }
    return directory.utf8.last.map(Paths.isSeparator) == true ? "./" + rest : path
  }
}
