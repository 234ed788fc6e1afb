/// The fixed parts of what an HTTP/1 server writes.
enum HTTP1Text {
  private static let ok = Array("HTTP/1.1 200 OK\r\n".utf8)
  private static let version = Array("HTTP/1.1 ".utf8)
  private static let length = Array("content-length: ".utf8)
  private static let date = Array("date: ".utf8)
  static let lineEnd = Array("\r\n".utf8)
  static let chunked = Array("transfer-encoding: chunked\r\n".utf8)
  static let close = Array("connection: close\r\n".utf8)
  static let keepAlive = Array("connection: keep-alive\r\n".utf8)
  static let lastChunk = Array("0\r\n\r\n".utf8)
  static let goOn = Array("HTTP/1.1 100 Continue\r\n\r\n".utf8)

  /// Appends the status line.
  static func append(status: UInt16, to out: inout [UInt8]) {
    if status == 200 { return out += ok }
    out += version
    append(decimal: UInt64(status), to: &out)
    out.append(UInt8(ascii: " "))
    reason(status).withUTF8Buffer { out.append(contentsOf: $0) }
    out += lineEnd
  }

  static func append(length: Int, to out: inout [UInt8]) {
    out += Self.length
    append(decimal: UInt64(length), to: &out)
    out += lineEnd
  }

  static func append(date text: [UInt8], to out: inout [UInt8]) {
    out += date
    out += text
    out += lineEnd
  }

  static func append(decimal number: UInt64, to out: inout [UInt8]) {
    var digits = InlineArray<20, UInt8>(repeating: 0)
    var first = 20
    var rest = number
    repeat {
      first -= 1
      digits[first] = UInt8(ascii: "0") + UInt8(truncatingIfNeeded: rest % 10)
      rest /= 10
    } while rest > 0
    for index in first..<20 { out.append(digits[index]) }
  }

  /// The phrase that goes with a status (RFC 9110, section 15).
  static func reason(_ status: UInt16) -> StaticString {
    switch status {
    case 200: "OK"
    case 201: "Created"
    case 202: "Accepted"
    case 204: "No Content"
    case 301: "Moved Permanently"
    case 302: "Found"
    case 304: "Not Modified"
    case 307: "Temporary Redirect"
    case 308: "Permanent Redirect"
    case 400: "Bad Request"
    case 401: "Unauthorized"
    case 403: "Forbidden"
    case 404: "Not Found"
    case 405: "Method Not Allowed"
    case 406: "Not Acceptable"
    case 408: "Request Timeout"
    case 409: "Conflict"
    case 410: "Gone"
    case 413: "Content Too Large"
    case 415: "Unsupported Media Type"
    case 417: "Expectation Failed"
    case 421: "Misdirected Request"
    case 422: "Unprocessable Content"
    case 423: "Locked"
    case 429: "Too Many Requests"
    case 431: "Request Header Fields Too Large"
    case 500: "Internal Server Error"
    case 501: "Not Implemented"
    case 503: "Service Unavailable"
    case 505: "HTTP Version Not Supported"
    default: "Status"
    }
  }
}
