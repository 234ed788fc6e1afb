package import Arguments
internal import Documents
internal import Platform
package import Pools

/// A pool as the user named it, and the file that this means.
package struct PoolReference {
  package let text: String
  package let path: String

  package static let argument = Positional(
    "POOL", .required, "The pool: a name in the pool directory, or a path",
    details:
      "A word without a path separator is a name: NAME stands for NAME.plasmite in the pool directory. Anything with a"
      + " separator is a path, used as it is.",
    source: .pool)

  /// - Throws: Usage for remote references and impossible names.
  package init(_ text: String, in session: Session) throws(CommandError) {
    self.text = text
    if Self.isRemote(text) {
      throw .usage(
        "remote pool references are not supported here", hint: "Use the name or the path of a pool on this machine.")
    }
    let directory = try session.poolDirectory()
    path = try storing { () throws(PoolError) in try PoolDirectory.resolve(text, in: directory) }
  }

  /// `http://host:port/pool` and whatever else has a scheme.
  package static func isRemote(_ text: String) -> Bool {
    let bytes = Array(text.utf8)
    guard let colon = bytes.firstIndex(of: UInt8(ascii: ":")), colon > 0 else { return false }
    return bytes[colon...].starts(with: "://".utf8)
  }

  package var isPath: Bool { text.utf8.contains(where: Paths.isSeparator) }

  /// Opens the pool. If there is none, the error's hint is `missing`, or about the path when a path was given.
  package func open(missing: @autoclosure () -> String) throws(CommandError) -> Pool {
    do throws(PoolError) {
      return try Pool.open(at: path)
    } catch {
      var error = error
      if error.kind == .notFound {
        error.hint = (isPath ? "Check the path or --dir. " : "") + missing()
      }
      throw CommandError(error)
    }
  }
}

extension PoolReference {
  /// Opens the pool, and makes it first if it is missing.
  package func openOrCreate(size: UInt64) throws(CommandError) -> Pool {
    // Somebody else may make it, or delete it, between the two steps; whoever comes second opens it.
    do throws(PoolError) { return try Pool.open(at: path) } catch {
      if error.kind != .notFound { throw CommandError(error) }
    }
    do throws(PoolError) {
      return try Pool.create(at: path, size: size)
    } catch {
      if error.kind != .alreadyExists { throw CommandError(error) }
    }
    return try storing { () throws(PoolError) in try Pool.open(at: path) }
  }
}

/// How messages name a pool: as the user did, and the file, or the address, that this means.
package struct PoolLabel: Sendable {
  package let text: String
  package let path: String

  package init(text: String, path: String) {
    self.text = text
    self.path = path
  }

  package init(_ reference: PoolReference) { self.init(text: reference.text, path: reference.path) }
}

/// Command lines in hints.
package enum CommandLineText {
  /// The words as one line that can be pasted: those with special characters as JSON strings, which most shells read well.
  package static func quoted(_ words: [String]) -> String { words.map(quoted).joinedText(" ") }

  /// The command line that was given, with one more option, which must not end up behind `--`.
  package static func adding(_ option: String, to invocation: Invocation) -> String {
    var words = invocation.words
    words.insert(option, at: words.firstIndex { $0.hasSameBytes(as: "--") } ?? words.endIndex)
    return quoted(["weir"] + words)
  }

  package static func quoted(_ word: String) -> String {
    let isPlain = !word.utf8.isEmpty && word.utf8.allSatisfy(isPlain)
    return isPlain ? word : jsonString(word)
  }

  private static func isPlain(_ byte: UInt8) -> Bool {
    switch byte {
    case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
      UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "_"), UInt8(ascii: "."),
      UInt8(ascii: "/"), UInt8(ascii: "="), UInt8(ascii: ":"), UInt8(ascii: ","), UInt8(ascii: "+"),
      UInt8(ascii: "@"), UInt8(ascii: "%"):
      true
    default: byte >= 0x80 || Paths.isSeparator(byte)
    }
  }
}
