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

  package static func whole(_ number: UInt64?) -> Report { number.map { .whole($0) } ?? .null }
  package static func text(_ text: String?) -> Report { text.map { .text($0) } ?? .null }

  /// A point in time, in nanoseconds since 1970-01-01 UTC.
  package static func time(_ nanoseconds: UInt64?) -> Report {
    guard let nanoseconds else { return .null }
    return .text(timestamp(nanoseconds))
  }

  /// How deep values may nest that came from somewhere else; what lies deeper is null.
  private static let depth = 32

  /// What a parsed text holds at `index`.
  package init(_ tape: borrowing JSONTape, at index: Int) { self.init(tape, at: index, depth: 1) }

  private init(_ tape: borrowing JSONTape, at index: Int, depth: Int) {
    switch tape.kind(at: index) {
    case .string: self = .text(tape.text(at: index))
    case .true: self = .bool(true)
    case .false: self = .bool(false)
    case .signed, .unsigned, .double:
      self = tape.unsigned(at: index).map { .whole($0) } ?? tape.double(at: index).map { .decimal($0) } ?? .null
    case .array where depth <= Self.depth:
      var elements: [Report] = []
      tape.forEachElement(of: index) { elements.append(Report(tape, at: $0, depth: depth + 1)) }
      self = .list(elements)
    case .object where depth <= Self.depth:
      var members: [(String, Report)] = []
      tape.forEachMember(of: index) { key, value in
        members.append((tape.text(at: key) ?? "", Report(tape, at: value, depth: depth + 1)))
      }
      self = .object(members)
    default: self = .null
    }
  }

  /// The value as JSON text with a newline behind it, in the `output` of what is returned.
  package func line(_ style: JSONStyle) -> JSONWriter {
    var json = JSONWriter(style: style)
    write(into: &json)
    json.output.append(UInt8(ascii: "\n"))
    return json
  }

  private func write(into json: inout JSONWriter) {
    switch self {
    case .null: json.null()
    case .bool(let value): json.value(value)
    case .whole(let number): json.value(number)
    case .decimal(let number): json.value(number)
    case .text(let text): json.value(text)
    case .list(let elements):
      json.beginArray()
      for element in elements { element.write(into: &json) }
      json.endArray()
    case .object(let members):
      json.beginObject()
      // In ascending order of their names' bytes, whatever order they were listed in.
      for (name, value) in members.sorted(by: { $0.0.utf8.lexicographicallyPrecedes($1.0.utf8) }) {
        json.key(name)
        value.write(into: &json)
      }
      json.endObject()
    }
  }
}

/// RFC 3339 in UTC, with as many digits as the moment needs.
package func timestamp(_ nanoseconds: UInt64) -> String {
  var writer = ByteWriter(capacity: 64)
  writer.appendTimestamp(nanoseconds)
  return writer.withUnsafeBytes { String(decoding: $0, as: UTF8.self) }
}

/// The text as a JSON string, quotes included.
package func jsonString(_ text: String) -> String {
  var writer = ByteWriter(capacity: 64)
  writer.appendQuoted(text)
  return writer.withUnsafeBytes { String(decoding: $0, as: UTF8.self) }
}
