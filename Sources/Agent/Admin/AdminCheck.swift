/// Checks what comes over admin channels without a node.
public enum AdminCheck {
  /// Cuts a stream of bytes into requests, as a node does, and writes each that is a command again.
  ///
  /// - Returns: For each whole frame the command as a frame, or nil if it is none. What follows a frame that is too long is not
  ///   looked at.
  public static func commands(in stream: [UInt8]) -> [[UInt8]?] {
    var cutter = AdminFrameCutter(limit: AdminFrame.requestLimit)
    stream.withUnsafeBytes { cutter.append($0) }
    var commands: [[UInt8]?] = []
    while let frame = try? cutter.next() {
      commands.append((try? AdminCommand(json: frame)).map { AdminFrame.around($0.json.span.bytes) })
    }
    return commands
  }

  /// Reads the content of an answer's frame, as a client does, and writes it again; nil if it is none.
  public static func answer(_ content: [UInt8]) -> [UInt8]? { (try? AdminResponse(json: content))?.json }
}
