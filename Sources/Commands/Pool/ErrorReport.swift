internal import Arguments
internal import JSON
internal import Platform
package import Pools

/// An error as it is shown: one JSON line, or a labelled line for each thing that is known.
struct ErrorReport {
  let error: PoolError

  init(_ error: PoolError) { self.error = error }

  /// The members that an error has wherever it is shown; only what is known is there.
  var inner: Report {
    var members: [(String, Report)] = [("kind", .text(error.kind.name)), ("message", .text(error.message))]
    if let hint { members.append(("hint", .text(hint))) }
    if let path = error.path { members.append(("path", .text(path))) }
    if let sequence = error.sequence { members.append(("seq", .whole(sequence))) }
    if let offset = error.offset { members.append(("offset", .whole(offset))) }
    if !error.causes.isEmpty { members.append(("causes", .list(error.causes.map { .text($0) }))) }
    return .object(members)
  }

  /// The whole envelope.
  var envelope: Report { .object([("error", inner)]) }

  /// A line each: `error`, `hint`, `path`, `seq`, `offset`, `caused by` (the first cause).
  func text(isColored: Bool, directory: String?) -> String {
    var text = Self.line("error", error.message, color: isColored ? 31 : nil)
    func add(_ label: String, _ value: String?) {
      if let value { text += Self.line(label, value, color: isColored ? 33 : nil) }
    }
    add("hint", hint)
    add("path", error.path.map { Self.shortened($0, directory: directory) })
    add("seq", error.sequence.map { "\($0)" })
    add("offset", error.offset.map { "\($0)" })
    add("caused by", error.causes.first)
    return text
  }

  /// As a sentence: what lies below writes hints as it writes messages.
  private var hint: String? {
    guard let hint = error.hint, let first = hint.utf8.first, let last = hint.utf8.last else { return nil }
    var bytes = Array(hint.utf8)
    if first >= UInt8(ascii: "a"), first <= UInt8(ascii: "z") { bytes[0] = first - 32 }
    if last != UInt8(ascii: "."), last != UInt8(ascii: "?") { bytes.append(UInt8(ascii: ".")) }
    return String(decoding: bytes, as: UTF8.self)
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

extension PoolError.Kind {
  /// The name that scripts match; the same in every interface.
  package var name: String {
    switch self {
    case .internal: "Internal"
    case .usage: "Usage"
    case .notFound: "NotFound"
    case .alreadyExists: "AlreadyExists"
    case .busy: "Busy"
    case .permission: "Permission"
    case .corrupt: "Corrupt"
    case .io: "Io"
    case .retentionGap: "RetentionGap"
    }
  }

  /// What to do when nothing better is known.
  var generalHint: String? {
    switch self {
    case .internal: "This is a fault of the program or of the machine's clock. Try again, and report it if it stays."
    case .busy: "Another process holds it. Try again, or use --retry."
    case .permission: "Check who owns the file and its directory."
    case .corrupt: "Try `weir doctor` on the pool."
    case .io: "Check the disk and the file system."
    case .usage, .notFound, .alreadyExists, .retentionGap: nil
    }
  }
}
