package import Documents

/// Why there is no configuration. Nothing was started.
package struct ConfigurationError: Error, Sendable {
  /// Stable across versions.
  package enum Kind: Sendable, CaseIterable {
    /// There is no such file.
    case missingFile
    /// The system does not let it be read.
    case unreadable
    /// It is no TOML.
    case syntax
    /// Nothing is called so.
    case unknownKey
    /// A key that must be there is not.
    case missingKey
    /// One setting is given twice, under two of its names.
    case duplicate
    /// A value of another type.
    case wrongType
    /// A value that cannot be, or not together with others.
    case invalidValue
  }

  package var kind: Kind
  /// What is wrong: one sentence, lower case, no full stop.
  package var message: String
  /// What to do about it, as a sentence.
  package var hint: String
  /// Where the value at fault comes from.
  package var origin: SettingOrigin
  /// The file, if one is at fault.
  package var path: String?

  init(_ kind: Kind, _ message: String, hint: String, at origin: SettingOrigin = .standard, path: String? = nil) {
    self.kind = kind
    self.message = message
    self.hint = hint
    self.origin = origin
    self.path = path
  }
}

extension Failure {
  /// The same for every interface: the line and the column, the variable or the option stand before the message.
  package init(_ error: ConfigurationError) {
    let kind: Kind =
      switch error.kind {
      case .missingFile: .notFound
      case .unreadable: .io
      case .syntax, .unknownKey, .missingKey, .duplicate, .wrongType, .invalidValue: .usage
      }
    let place = error.origin.place.map { "\($0): " } ?? ""
    self.init(kind, place + error.message, hint: error.hint, path: error.path)
  }
}
