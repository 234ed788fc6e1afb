package import JSON

/// A JSON value that a command makes: a report, an error, a notice. Messages are never taken apart into these.
package indirect enum Report {
  case null
  case bool(Bool)
  case whole(UInt64)
  case decimal(Double)
  case text(String)
  case list([Report])
  case object([(String, Report)])

  static func whole(_ number: UInt64?) -> Report { number.map { .whole($0) } ?? .null }
  static func text(_ text: String?) -> Report { text.map { .text($0) } ?? .null }

  /// A point in time, in nanoseconds since 1970-01-01 UTC.
  static func time(_ nanoseconds: UInt64?) -> Report {
    guard let nanoseconds else { return .null }
    return .text(timestamp(nanoseconds))
  }

  package func write(_ style: JSONStyle, into output: inout ByteWriter) {
    var layout = JSONLayout(style)
    write(&layout, into: &output)
  }

  private func write(_ layout: inout JSONLayout, into output: inout ByteWriter) {
    switch self {
    case .null:
      layout.beginScalar(.plain, into: &output)
      output.append("null")
      layout.endScalar(into: &output)
    case .bool(let value):
      layout.beginScalar(.boolean, into: &output)
      output.append(value ? "true" : "false")
      layout.endScalar(into: &output)
    case .whole(let number):
      layout.beginScalar(.number, into: &output)
      output.appendDecimal(number)
      layout.endScalar(into: &output)
    case .decimal(let number):
      layout.beginScalar(.number, into: &output)
      if !output.appendDecimal(number) { output.append("null") }
      layout.endScalar(into: &output)
    case .text(let text):
      layout.beginScalar(.string, into: &output)
      output.appendQuoted(text)
      layout.endScalar(into: &output)
    case .list(let elements):
      layout.open(UInt8(ascii: "["), into: &output)
      for (index, element) in elements.enumerated() {
        layout.separator(isFirst: index == 0, into: &output)
        element.write(&layout, into: &output)
      }
      layout.close(UInt8(ascii: "]"), isEmpty: elements.isEmpty, into: &output)
    case .object(let members):
      writeObject(members, &layout, into: &output)
    }
  }

  /// Members in ascending order of their names' bytes, whatever order they were listed in.
  private func writeObject(
    _ members: [(String, Report)], _ layout: inout JSONLayout, into output: inout ByteWriter
  ) {
    layout.open(UInt8(ascii: "{"), into: &output)
    let sorted = members.sorted { $0.0.utf8.lexicographicallyPrecedes($1.0.utf8) }
    for (index, member) in sorted.enumerated() {
      layout.separator(isFirst: index == 0, into: &output)
      layout.beginScalar(.key, into: &output)
      output.appendQuoted(member.0)
      layout.endScalar(into: &output)
      layout.colon(into: &output)
      member.1.write(&layout, into: &output)
    }
    layout.close(UInt8(ascii: "}"), isEmpty: members.isEmpty, into: &output)
  }
}

/// RFC 3339 in UTC, with as many digits as the moment needs.
func timestamp(_ nanoseconds: UInt64) -> String {
  var writer = ByteWriter(capacity: 64)
  writer.appendTimestamp(nanoseconds)
  return writer.withUnsafeBytes { String(decoding: $0, as: UTF8.self) }
}

/// The text as a JSON string, quotes included.
func jsonString(_ text: String) -> String {
  var writer = ByteWriter(capacity: 64)
  writer.appendQuoted(text)
  return writer.withUnsafeBytes { String(decoding: $0, as: UTF8.self) }
}
