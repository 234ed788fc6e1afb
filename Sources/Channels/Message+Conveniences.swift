// What most programs ask of a message, in a line each.

extension Message {
  /// The value of the first text header called `name`, byte for byte; nil if there is none, or if it is not UTF-8.
  public func header(_ name: String) -> String? {
    let wanted = Array(name.utf8)
    guard let value = headers.first(named: wanted.span.bytes) else { return nil }
    return value.text
  }

  /// The body as text; nil if it is not UTF-8. An empty body is an empty text.
  public var bodyText: String? { body.text }

  /// A copy of the body, for whoever keeps it longer than the message, or wants to give the message away meanwhile.
  public var bodyBytes: [UInt8] { body.withUnsafeBytes { Array($0) } }

  /// Of the notice that a listener is open: where it listens, with the port that was really bound. Nil of anything else.
  public var boundAddress: ChannelAddress? {
    guard isNotice, opCode == .welcomeResponse, status == .success,
      let value = headers.first(named: ReservedHeader.listenOn)
    else { return nil }
    return try? ChannelAddress(headerValue: value, for: .listening)
  }

  /// Of the final notice of a channel or listener: why it ended. Nil of anything else, also of what peers send.
  ///
  /// A signal of yours that comes back unsent is told apart by this too, as long as it has no header `~reason` of its own.
  public var closeReason: CloseReason? {
    guard isNotice, opCode == .signal, status == .channelClosed,
      let name = headers.first(named: ReservedHeader.reason)
    else { return nil }
    return CloseReason(name: name, detail: headers.first(named: ReservedHeader.detail))
  }
}

extension Engine {
  /// A message for this operation and channel, with headers and a text as its body.
  ///
  /// - Throws: `.invalidMessage` if a header cannot be sent, or headers or body exceed 65,535 bytes.
  public func makeMessage(
    _ opCode: OpCode, channel: UInt16 = 0, id: UInt64 = 0, headers: [(name: String, value: String)] = [], body: String
  ) throws(ChannelError) -> Message {
    var message = makeMessage(opCode, channel: channel, id: id)
    for header in headers { try message.appendHeader(header.name, header.value) }
    try message.appendBody(body)
    return message
  }
}

extension RawSpan {
  /// The bytes as text; nil unless they are UTF-8.
  fileprivate var text: String? {
    withUnsafeBytes { String(validating: $0, as: UTF8.self) }
  }
}

extension CloseReason {
  /// The reason with this name, and, of a violation, with this sentence. Nil for a name that is not known.
  fileprivate init?(name: RawSpan, detail: RawSpan?) {
    if Self.violation(.incompleteHeader).name.isSame(as: name) {
      guard let detail else { return nil }
      for violation in FrameViolation.allCases where violation.text.isSame(as: detail) {
        self = .violation(violation)
        return
      }
      return nil
    }
    for reason in Self.plain where reason.name.isSame(as: name) {
      self = reason
      return
    }
    return nil
  }

  /// All but violations.
  static let plain: [CloseReason] = [
    .graceful, .closedHere, .closedByPeer, .peerVanished, .reset, .invalidAddress, .pathNotFound, .refused,
    .connectFailed, .connectTimedOut, .helloTimedOut, .sendFailed, .receiveFailed, .listenFailed, .acceptFailed,
    .silent, .tooSlow, .shutdown, .secureHandshake, .certificate,
  ]
}
