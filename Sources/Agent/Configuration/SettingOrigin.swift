/// Where a setting's value comes from. Later ones win over earlier ones.
package enum SettingOrigin: Sendable, Equatable {
  /// It is the default.
  case standard
  /// The configuration file; line and column from 1, 0 for unknown.
  case file(line: Int, column: Int)
  /// The environment variable of this name.
  case environment(String)
  /// An option on the command line, dashes included.
  case option(String)

  /// For messages about one value: `line 3, column 7`; nil for a default and for the file as a whole.
  var place: String? {
    switch self {
    case .standard, .file(line: 0, column: _): nil
    case .file(let line, let column): "line \(line), column \(column)"
    case .environment(let name): "environment variable \(name)"
    case .option(let name): name
    }
  }

  /// For comments behind a setting: `line 3`; nil for a default.
  var comment: String? {
    switch self {
    case .standard: nil
    case .file(let line, _): line > 0 ? "line \(line)" : "the file"
    case .environment(let name): "environment \(name)"
    case .option(let name): "option \(name)"
    }
  }

  init(_ place: TextPlace) { self = .file(line: place.line, column: place.column) }
}

/// What a key or a section is called: its own name, and others that mean the same. A dash and an underscore are the same in all
/// of them.
struct SettingName: Sendable, ExpressibleByStringLiteral {
  let name: String
  let others: [String]

  init(_ name: String, _ others: String...) {
    self.name = name
    self.others = others
  }

  init(stringLiteral name: String) {
    self.name = name
    others = []
  }

  var all: [String] { [name] + others }

  func isCalled(_ text: String) -> Bool {
    all.contains { $0.utf8.elementsEqual(text.utf8) { Self.plain($0) == Self.plain($1) } }
  }

  /// As environment variables write it.
  static func forEnvironment(_ name: String) -> String {
    String(decoding: name.utf8.map { $0 >= 0x61 && $0 <= 0x7A ? $0 - 32 : plain($0) }, as: UTF8.self)
  }

  private static func plain(_ byte: UInt8) -> UInt8 { byte == UInt8(ascii: "-") ? UInt8(ascii: "_") : byte }
}
