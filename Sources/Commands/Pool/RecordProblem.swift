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
  case storage(PoolError)

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

  var error: PoolError {
    switch self {
    case .encoding(let error): Self.describe(error)
    case .cutting(let fault, let limit): Self.describe(fault, limit)
    case .message(.time):
      PoolError(
        .usage, "invalid source message time",
        hint:
          "The record looks like a whole message, but its time is no RFC 3339 timestamp. To store it as data, use --data."
      )
    case .message(.sequence):
      PoolError(
        .usage, "invalid source message seq",
        hint:
          "The record looks like a whole message, but its seq is no whole number above 0. To store it as data, use --data."
      )
    case .taggedMessage:
      PoolError(
        .usage, "--tag cannot be used with whole messages",
        hint: "The record is a message with tags of its own. Leave --tag out, or use --data to store all of it as data."
      )
    case .storage(let error): error
    }
  }

  static let wrapHint = "A message's data is a JSON object. Wrap other values, for example {\"value\": …}."

  private static func describe(_ error: Lite3Error) -> PoolError {
    switch error.kind {
    case .invalidJSON:
      let detail = error.json?.message.text ?? "invalid json"
      if error.json?.kind == .tooLarge {
        return PoolError(.usage, detail, hint: "Split it, or wrap it in a file reference.")
      }
      return PoolError(
        .usage, "invalid json", hint: "Check the quotes, commas and braces of the record.",
        causes: [withoutLabel(detail)])
    case .dataMustBeObject: return PoolError(.usage, error.message.text, hint: wrapHint)
    case .tooDeep:
      return PoolError(.usage, error.message.text, hint: "Data may nest 31 levels deep, itself included.")
    case .nulInKey:
      return PoolError(.usage, error.message.text, hint: "Choose keys without the character U+0000.")
    default: return PoolError(.usage, error.message.text, hint: "Split the record into smaller ones.")
    }
  }

  /// `invalid json: unexpected token` without what is said already.
  private static func withoutLabel(_ detail: String) -> String {
    let label = "invalid json: "
    return detail.utf8.starts(with: label.utf8)
      ? String(decoding: detail.utf8.dropFirst(label.utf8.count), as: UTF8.self) : detail
  }

  private static func describe(_ fault: RecordCutter.Fault, _ limit: Int) -> PoolError {
    switch fault.kind {
    case .unexpectedByte:
      PoolError(
        .usage, "invalid json", hint: "Check the quotes, commas and braces of the record.",
        causes: ["unexpected character at line \(fault.faultLine), column \(fault.column)"])
    case .unfinished:
      PoolError(.usage, "incomplete JSON message", hint: "The input ends inside a value: check what produces it.")
    case .tooLarge:
      PoolError(
        .usage, "record is too large",
        hint: "A record of this pool may have \(limit) bytes of text. Make a larger pool.")
    case .unknownFormat:
      PoolError(
        .usage, "unknown input format",
        hint: "Input is JSON objects one after the other, RFC 7464 sequences, or server-sent events. \(wrapHint)")
    case .later(let name):
      PoolError(
        .usage, "\(name == .yaml ? "YAML" : "framed Lite3") input is not supported yet",
        hint: "Convert it to JSON first. Try `weir feed --help`.")
    }
  }
}
