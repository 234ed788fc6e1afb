internal import CommandSupport
internal import Documents
internal import JSON
internal import Lite3
internal import Pools

/// What can be wrong with one record of input, and how it is told.
enum RecordProblem {
  case encoding(Lite3Error)
  case cutting(RecordCutter.Fault, recordLimit: Int)
  case message(StoredMessage.Fault)
  case taggedMessage
  /// The pool does not take it.
  case storage(Failure)

  /// The record is not one JSON value, whatever else is wrong.
  var isNotJSON: Bool {
    if case .encoding(let error) = self { return error.kind == .invalidJSON }
    return false
  }

  var isTooLarge: Bool {
    switch self {
    case .encoding(let error): error.kind == .tooLarge || error.json?.kind == .tooLarge
    case .cutting(let fault, _): fault.kind == .tooLarge
    case .storage: true
    case .message, .taggedMessage: false
    }
  }

  /// - Parameter line: The line of the input on which the record begins; nil when it is not one of a stream.
  func error(line: Int?) -> Failure {
    var error = described(line: line)
    guard let line else { return error }
    if case .encoding(let inner) = self, inner.kind == .dataMustBeObject {
      error.message = "JSON input requires message objects"
    }
    error.message += " at line \(line)"
    return error
  }

  private func described(line: Int?) -> Failure {
    switch self {
    case .encoding(let error): Self.describe(error, line: line)
    case .cutting(let fault, let limit): Self.describe(fault, limit)
    case .message(.time):
      Failure(
        .usage, "invalid source message time",
        hint:
          "The record looks like a whole message, but its time is no RFC 3339 timestamp. To store it as data, use --data."
      )
    case .message(.sequence):
      Failure(
        .usage, "invalid source message seq",
        hint:
          "The record looks like a whole message, but its seq is no whole number above 0. To store it as data, use --data."
      )
    case .taggedMessage:
      Failure(
        .usage, "--tag cannot be used with whole messages",
        hint: "The record is a message with tags of its own. Leave --tag out, or use --data to store all of it as data."
      )
    case .storage(let error): error
    }
  }

  static let wrapHint = "A message's data is a JSON object. Wrap other values, for example {\"value\": …}."

  private static func describe(_ error: Lite3Error, line: Int?) -> Failure {
    switch error.kind {
    case .invalidJSON:
      guard let json = error.json, json.kind != .tooLarge else {
        return Failure(.usage, error.message.text, hint: "Split the record into smaller ones.")
      }
      return Failure(
        .usage, "invalid json", hint: "Check the quotes, commas and braces of the record.",
        causes: [withoutLabel(json.message.text) + place(json, line: line)])
    case .dataMustBeObject: return Failure(.usage, error.message.text, hint: wrapHint)
    case .tooDeep:
      return Failure(.usage, error.message.text, hint: "Data may nest 31 levels deep, itself included.")
    case .nulInKey:
      return Failure(.usage, error.message.text, hint: "Choose keys without the character U+0000.")
    default: return Failure(.usage, error.message.text, hint: "Split the record into smaller ones.")
    }
  }

  /// Where in the record it went wrong, as far as it is known.
  private static func place(_ error: JSONError, line: Int?) -> String {
    guard let offset = error.offset else { return "" }
    let faultLine = error.line.map { $0 - 1 + (line ?? 1) }
    let isLater = error.line.map { $0 > 1 } ?? false
    return " at byte \(offset + 1) of the record" + (isLater ? ", line \(faultLine ?? 1)" : "")
  }

  /// `invalid json: unexpected token` without what is said already.
  private static func withoutLabel(_ detail: String) -> String {
    let label = "invalid json: "
    return detail.utf8.starts(with: label.utf8)
      ? String(decoding: detail.utf8.dropFirst(label.utf8.count), as: UTF8.self) : detail
  }

  private static func describe(_ fault: RecordCutter.Fault, _ limit: Int) -> Failure {
    switch fault.kind {
    case .unexpectedByte:
      Failure(
        .usage, "invalid json", hint: "Check the quotes, commas and braces of the record.",
        causes: ["unexpected token at line \(fault.faultLine), column \(fault.column)"])
    case .unfinished:
      Failure(.usage, "incomplete JSON message", hint: "The input ends inside a value: check what produces it.")
    case .tooLarge:
      Failure(
        .usage, "record is too large",
        hint: "A record of this pool may have \(limit) bytes of text. Make a larger pool.")
    case .unknownFormat:
      Failure(
        .usage, "unknown input format",
        hint: "Input is JSON objects one after the other, RFC 7464 sequences, or server-sent events. \(wrapHint)")
    case .later(let name):
      Failure(
        .usage, "\(name == .yaml ? "YAML" : "framed Lite3") input is not supported yet",
        hint: "Convert it to JSON first. Try `weir feed --help`.")
    }
  }
}
