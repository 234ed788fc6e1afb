package import JSON
package import Lite3

/// Messages as lines of JSON text.
package struct MessageText: ~Copyable {
  private let style: JSONStyle
  private let dataOnly: Bool
  private var writer = Lite3JSONWriter()

  package init(style: JSONStyle, dataOnly: Bool = false) {
    self.style = style
    self.dataOnly = dataOnly
  }

  /// Appends the message and a newline; nothing when it throws.
  package mutating func write(
    _ payload: RawSpan, sequence: UInt64, time: UInt64, into output: inout ByteWriter
  ) throws(Lite3Error) {
    if dataOnly {
      try writer.writeData(ofMessage: payload, style: style, into: &output)
    } else {
      try writer.writeEnvelope(payload: payload, seq: sequence, time: time, style: style, into: &output)
    }
    output.append(UInt8(ascii: "\n"))
  }

  /// A stored message that cannot be shown.
  package static func unreadable(_ error: Lite3Error, sequence: UInt64, path: String) -> Failure {
    Failure(
      .corrupt, error.message.text,
      hint: "Try `weir doctor` on the pool; the message was not stored by a sound writer.",
      path: path, sequence: sequence)
  }
}
