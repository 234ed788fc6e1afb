internal import Arguments
internal import CommandSupport
internal import JSON

/// What `weir query` and `weir exec` have in common.
enum SQLOptions {
  static let sql = Positional("SQL", .required, "One statement")
  static let parameter = Option.values("param", "VALUE", "A value for the next ? of the statement; may be repeated")
    .with {
      $0.details = "Values are text to the statement."
    }
  static let timer = Option.flag("timer", "Print how long it took")
  static let timeout = Option.value("timeout", "SECONDS", "How long the node may work on it").with {
    $0.details = "The node gives up a step of the statement that takes longer."
  }

  /// `?timeout=5`, or nothing.
  static func query(_ invocation: Invocation) throws(CommandError) -> String {
    guard let text = invocation.value(timeout) else { return "" }
    return "?timeout=\(try reading { () throws(ValueError) in try Number.parse(text, for: timeout) })"
  }

  /// The statement with its parameters, as the API takes it.
  static func write(_ invocation: Invocation, into json: inout JSONWriter) {
    let text = invocation.value(sql) ?? ""
    let values = invocation.values(parameter)
    guard !values.isEmpty else { return json.value(text) }
    json.beginArray()
    json.value(text)
    json.beginArray()
    for value in values { json.value(value) }
    json.endArray()
    json.endArray()
  }
}
