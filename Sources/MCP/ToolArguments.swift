internal import Documents
internal import JSON

/// What a tool was called with: checked, with what was left out filled in. `data` stays in the text of the call.
struct ToolArguments {
  /// `pool`, or `name` of a new pool.
  private(set) var pool = ""
  private(set) var size: UInt64?
  private(set) var tags: [String] = []
  private(set) var creates = false
  private(set) var sequence: UInt64 = 0
  private(set) var count = MCPLimits.usualMessages
  private(set) var afterSequence: UInt64?
  private(set) var since: String?
  /// Milliseconds.
  private(set) var timeout = MCPLimits.usualWaitMilliseconds

  /// - Parameter place: where the arguments are on the tape; nil for none.
  init(for tool: Tool, at place: Int?, of tape: borrowing JSONTape) throws(ToolFault) {
    let parameters = tool.parameters
    var values: [Int?] = parameters.map { _ in nil }
    var unknown: Int?
    if let place {
      tape.forEachMember(of: place) { key, value in
        if let index = parameters.firstIndex(where: { Self.isName(key, $0.name, of: tape) }) {
          values[index] = value
        } else if unknown == nil {
          unknown = key
        }
      }
    }
    if let unknown {
      let name = tape.text(at: unknown) ?? ""
      let isFilter = tool == .read && name.utf8.elementsEqual("where".utf8)
      throw .argument(
        field: name, detail: isFilter ? "expressions are not supported here: select by tags" : "unknown argument")
    }
    for (parameter, value) in zip(parameters, values) {
      if let value, !(parameter.mayBeNull && tape.kind(at: value) == .null) {
        try take(parameter, value, tape)
      } else if parameter.isRequired {
        throw Self.fault(parameter, "missing required `\(parameter.name)` argument")
      }
    }
  }

  /// An error about an argument.
  static func fault(_ parameter: Parameter, _ detail: String) -> ToolFault {
    .argument(field: parameter.name.text, detail: detail)
  }

  private mutating func take(_ parameter: Parameter, _ value: Int, _ tape: borrowing JSONTape) throws(ToolFault) {
    switch parameter {
    case .name, .pool: pool = try Self.text(parameter, value, tape)
    case .size: size = try Self.whole(parameter, value, tape)
    case .data: break
    case .tags: tags = try Self.tags(value, tape)
    case .create:
      guard let flag = tape.bool(at: value) else { throw Self.fault(.create, "`create` must be a boolean") }
      creates = flag
    case .seq: sequence = try Self.whole(parameter, value, tape)
    case .count:
      count = try Self.whole(parameter, value, tape)
      guard count >= 1, count <= MCPLimits.messages else {
        throw Self.fault(.count, "count must be between 1 and \(MCPLimits.messages)")
      }
    case .afterSeq: afterSequence = try Self.whole(parameter, value, tape)
    case .since: since = try Self.text(parameter, value, tape)
    case .timeout:
      timeout = try Self.whole(parameter, value, tape)
      guard timeout <= MCPLimits.waitMilliseconds else {
        throw Self.fault(.timeout, "timeout_ms must be <= \(MCPLimits.waitMilliseconds)")
      }
    }
  }

  private static func isName(_ key: Int, _ name: StaticString, of tape: borrowing JSONTape) -> Bool {
    tape.string(at: key).withUnsafeBytes { bytes in name.withUTF8Buffer { $0.elementsEqual(bytes) } }
  }

  private static func text(_ parameter: Parameter, _ value: Int, _ tape: borrowing JSONTape) throws(ToolFault) -> String
  {
    guard let text = tape.text(at: value) else { throw fault(parameter, "`\(parameter.name)` must be a string") }
    return text
  }

  private static func whole(
    _ parameter: Parameter, _ value: Int, _ tape: borrowing JSONTape
  ) throws(ToolFault) -> UInt64 {
    guard let number = tape.unsigned(at: value) else {
      throw fault(parameter, "`\(parameter.name)` must be a non-negative integer")
    }
    return number
  }

  private static func tags(_ value: Int, _ tape: borrowing JSONTape) throws(ToolFault) -> [String] {
    guard tape.kind(at: value) == .array else { throw fault(.tags, "`tags` must be an array of strings") }
    var tags: [String] = []
    var hasOthers = false
    var count = 0
    tape.forEachElement(of: value) { element in
      count += 1
      guard let text = tape.text(at: element) else {
        hasOthers = true
        return
      }
      if count <= MCPLimits.tags { tags.append(trimmed(text)) }
    }
    if hasOthers { throw fault(.tags, "`tags` must be an array of strings") }
    if tags.contains(where: { $0.utf8.isEmpty }) { throw fault(.tags, "`tags` entries must not be empty") }
    if count > MCPLimits.tags { throw fault(.tags, "`tags` must have at most \(MCPLimits.tags) entries") }
    return tags
  }

  /// Without white space at both ends.
  static func trimmed(_ text: String) -> String {
    var scalars = text.unicodeScalars[...]
    while let first = scalars.first, isWhiteSpace(first) { scalars = scalars.dropFirst() }
    while let last = scalars.last, isWhiteSpace(last) { scalars = scalars.dropLast() }
    return String(scalars)
  }

  /// Unicode's property White_Space.
  private static func isWhiteSpace(_ scalar: Unicode.Scalar) -> Bool {
    switch scalar.value {
    case 0x09...0x0d, 0x20, 0x85, 0xa0, 0x1680, 0x2000...0x200a, 0x2028, 0x2029, 0x202f, 0x205f, 0x3000: true
    default: false
    }
  }
}
