internal import JSON

/// What ties a response to its request: it goes back exactly as it came.
enum RequestID {
  case null
  case text(String)
  case negative(Int64)
  case whole(UInt64)

  func write(into output: inout ByteWriter) {
    switch self {
    case .null: output.append("null")
    case .text(let text): output.appendQuoted(text)
    case .negative(let number): output.appendDecimal(number)
    case .whole(let number): output.appendDecimal(number)
    }
  }
}
