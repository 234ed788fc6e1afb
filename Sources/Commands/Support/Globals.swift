package import Arguments

/// The options that every command accepts.
package enum Globals {
  package static let directory = Option.value("dir", "DIR", "The pool directory").with {
    $0.details =
      "Where pools are found by name. The default is $WEIR_POOL_DIR, else .weir/pools in your home directory."
    $0.source = .directory
    $0.conflictingValues = "conflicting --dir values select different pool directories"
  }

  package static let color = Option.value("color", "WHEN", "Colours in the output").with {
    $0.choices = ["auto", "always", "never"]
    $0.fallback = "auto"
    $0.details =
      "With auto, a stream gets colours when it is a terminal and NO_COLOR is not set. One object on standard output is laid"
      + " out for reading when colours are forced. JSON errors and JSON lines never have colours."
  }

  package static let format = Option.value("format", "FORMAT", "The form of the output").with {
    $0.choices = ["pretty", "json"]
    $0.hiddenChoices = ["jsonl"] + laterFormats
    $0.details =
      "Messages: pretty is indented JSON, json one compact line each. Reports: pretty is text, json one compact object. The"
      + " default is pretty on a terminal and json otherwise; errors follow the form that was asked for, or else the kind of"
      + " the error stream."
  }

  package static let all = [directory, color, format]

  static let laterFormats = ["yaml", "lite3", "lite3-raw"]

  /// Older spellings of `--format json`.
  package static let json = Option.synonym("json", for: format, value: "json")
  package static let jsonLines = Option.synonym("jsonl", for: format, value: "json")

  enum Format {
    case pretty, json

    /// The format that was asked for; nil for none.
    init?(_ invocation: Invocation) {
      guard let name = invocation.value(Globals.format) else { return nil }
      self = name.hasSameBytes(as: "pretty") ? .pretty : .json
    }
  }

  /// Refuses the formats that are announced and not there yet.
  static func check(_ invocation: Invocation) throws(CommandError) {
    guard let name = invocation.value(format), laterFormats.containsBytes(of: name) else { return }
    throw .usage(
      "the output format \(name) is not supported yet", hint: "Use --format json or --format pretty. Try `weir --help`."
    )
  }
}
