internal import Documents
internal import JSON

/// Responses as JSON texts of one line each, without a newline behind them, keys in ascending order.
enum Response {
  /// A result; `write` appends one JSON value.
  static func result(_ id: RequestID, _ write: (inout ByteWriter) -> Void) -> [UInt8] {
    var output = ByteWriter(capacity: 1024)
    output.append("{\"id\":")
    id.write(into: &output)
    output.append(",\"jsonrpc\":\"2.0\",\"result\":")
    write(&output)
    output.append("}")
    return output.withUnsafeBytes { Array($0) }
  }

  static func error(_ id: RequestID, _ refusal: Refusal) -> [UInt8] {
    var output = ByteWriter()
    var members: [(String, Report)] = [("message", .text(refusal.message))]
    if !refusal.details.isEmpty { members.append(("data", .object(refusal.details))) }
    output.append("{\"error\":{\"code\":")
    output.appendDecimal(refusal.code.rawValue)
    output.append(",")
    // The rest of the object: its opening brace is there already.
    output.append(Report.object(members), droppingFirst: 1)
    output.append(",\"id\":")
    id.write(into: &output)
    output.append(",\"jsonrpc\":\"2.0\"}")
    return output.withUnsafeBytes { Array($0) }
  }

  /// The result of a tool: a sentence for whoever reads, and the same as a value; `write` appends that.
  static func tool(
    _ id: RequestID, text: String, isError: Bool = false, _ write: (inout ByteWriter) -> Void
  ) -> [UInt8] {
    result(id) { output in
      output.append("{\"content\":[{\"text\":")
      output.appendQuoted(text)
      output.append(",\"type\":\"text\"}]")
      if isError { output.append(",\"isError\":true") }
      output.append(",\"structuredContent\":")
      write(&output)
      output.append("}")
    }
  }

  /// The result of a tool that failed.
  static func failure(_ id: RequestID, _ tool: Tool, _ fault: ToolFault) -> [UInt8] {
    var members: [(String, Report)] = [("tool", .text(tool.name.text))]
    let text: String
    switch fault {
    case .argument(let field, let detail):
      let field = repeated(field)
      text = "Invalid `\(field)` for \(tool.name.text): \(detail)"
      members += [("error_kind", .text(Kind.usage.name)), ("field", .text(field)), ("detail", .text(detail))]
    case .failed(var failure):
      if failure.hint == nil { failure.hint = generalHint(failure.kind) }
      let hint = failure.hintSentence
      text = failure.message + (hint.map { ". \($0)" } ?? "")
      members += [("error_kind", .text(failure.kind.name)), ("message", .text(failure.message))]
      if let hint { members.append(("hint", .text(hint))) }
      if let path = failure.path { members.append(("path", .text(path))) }
      if let sequence = failure.sequence { members.append(("seq", .whole(sequence))) }
      if let offset = failure.offset { members.append(("offset", .whole(offset))) }
    }
    return Response.tool(id, text: text, isError: true) { $0.append(Report.object(members)) }
  }

  private typealias Kind = Failure.Kind

  private static func generalHint(_ kind: Failure.Kind) -> String? {
    kind == .busy ? "Another process holds it. Try again." : kind.generalHint
  }
}

/// Why a tool did not do what it was called for.
enum ToolFault: Error {
  case argument(field: String, detail: String)
  case failed(Failure)
}

extension ByteWriter {
  /// Appends a value as compact text, but for its first `dropped` bytes.
  mutating func append(_ report: Report, droppingFirst dropped: Int = 0) {
    append(line: report.line(.compact).output.bytes, droppingFirst: dropped)
  }

  private mutating func append(line: RawSpan, droppingFirst dropped: Int) {
    append(line.extracting(dropped..<line.byteCount - 1))
  }
}
