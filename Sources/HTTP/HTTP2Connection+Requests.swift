internal import Reactor

/// What the session tells while it reads: requests in the making. None of it calls anybody outside.
extension HTTP2Connection {
  /// A frame's header came.
  func frameBegins(_ frame: HTTP2Frame) {
    if frame.kind != .continuation { headStream = nil }
    if !frame.isUseful, !noise.take() { excess = .enhanceYourCalm }
  }

  /// A frame came, and is sound.
  func frameCame(_ frame: HTTP2Frame) {
    switch frame.kind {
    case .headers, .data:
      guard let stream = session?.stream(frame.stream) else { return }
      if stream.phase == .head {
        endHead(stream, isWhole: frame.endsStream)
      } else if frame.endsStream {
        endBody(stream)
      }
    case .settings: hasSettings = true
    case .priority, .reset, .promise, .ping, .goAway, .windowUpdate, .continuation, .other: break
    }
  }

  /// A frame is on its way to the peer.
  func frameWent(_ frame: HTTP2Frame) {
    guard frame.endsStream, let stream = session?.stream(frame.stream) else { return }
    stream.isAnswered = true
    stream.answered = connection.loop.time
  }

  /// A frame cannot be sent.
  func frameStayed(_ frame: HTTP2Frame) {
    guard frame.kind == .headers, let session, session.stream(frame.stream) != nil else { return }
    session.reset(frame.stream, .internalError)
  }

  // MARK: Heads

  func streamBegins(_ id: Int32) {
    guard let session else { return }
    let stream = HTTP2Stream(id, connection.loop.time)
    stream.parts.version = .http2
    stream.place = streams.count
    streams.append(stream)
    session.attach(stream)
    headStream = stream
    headBegan = connection.loop.time
  }

  /// False if the request is malformed, and is reset.
  func fieldCame(_ id: Int32, _ name: UnsafeRawBufferPointer, _ value: UnsafeRawBufferPointer) -> Bool {
    guard let stream = session?.stream(id), stream.problem == nil else { return true }
    stream.headBytes += name.count + value.count + 4
    guard stream.headBytes <= limits.headBytes, stream.parts.fieldCount < limits.headFields else {
      stream.problem = .headTooLarge
      return true
    }
    if name.first == UInt8(ascii: ":") {
      take(pseudo: name, value, of: stream)
    } else if isSame(name, "cookie") {
      if !stream.cookies.isEmpty { stream.cookies += [UInt8(ascii: ";"), UInt8(ascii: " ")] }
      stream.cookies.append(contentsOf: value)
    } else if isSame(name, "host"), let authority = stream.parts.only("host") {
      // Two that differ could mean two things.
      guard authority.elementsEqual(value) else {
        refuseMalformed(id)
        return false
      }
    } else {
      stream.parts.addField(name, value)
    }
    return true
  }

  private func take(pseudo name: UnsafeRawBufferPointer, _ value: UnsafeRawBufferPointer, of stream: HTTP2Stream) {
    if isSame(name, ":method") {
      stream.parts.method = Method(value)
    } else if isSame(name, ":path") {
      stream.parts.setTarget(value)
    } else if isSame(name, ":authority") {
      stream.parts.addField("host", value)
    }
  }

  private func isSame(_ text: UnsafeRawBufferPointer, _ wanted: StaticString) -> Bool {
    text.count == wanted.utf8CodeUnitCount && wanted.withUTF8Buffer { text.elementsEqual($0) }
  }

  /// A stream's head is not one of a request.
  func refuseMalformed(_ id: Int32) { session?.reset(id, .protocolError) }

  private func endHead(_ stream: HTTP2Stream, isWhole: Bool) {
    headStream = nil
    if !stream.cookies.isEmpty {
      stream.cookies.withUnsafeBytes { stream.parts.addField("cookie", $0) }
      stream.cookies = []
    }
    stream.isComplete = isWhole
    if let problem = stream.problem ?? problemOfHead(stream, isWhole: isWhole) { return refuse(stream, problem) }
    if isWhole { return pass(stream) }
    stream.phase = .body
    stream.bodyBegan = connection.loop.time
    stream.lastInput = stream.bodyBegan
    if stream.parts.expectation == .goOn { session?.goOn(stream) }
  }

  private func problemOfHead(_ stream: HTTP2Stream, isWhole: Bool) -> RequestProblem? {
    guard stream.parts.settleTarget() else { return .malformed }
    if stream.parts.expectation == .unknown { return .unknownExpectation }
    // The library has seen to it that there is one at most, that it is a number, and that it is true.
    if !isWhole, let length = stream.parts.only("content-length"), isMore(length, than: limits.bodyBytes) {
      return .bodyTooLarge
    }
    return nil
  }

  private func isMore(_ digits: ArraySlice<UInt8>, than limit: Int) -> Bool {
    var number = 0
    for digit in digits {
      let (tens, overflows) = number.multipliedReportingOverflow(by: 10)
      if overflows { return true }
      number = tens &+ Int(digit &- UInt8(ascii: "0"))
      if number > limit || number < 0 { return true }
    }
    return false
  }

  // MARK: Bodies

  func dataCame(_ id: Int32, _ bytes: UnsafeRawBufferPointer) {
    guard let session else { return }
    session.consume(bytes.count)
    guard let stream = session.stream(id), stream.phase == .body else { return }
    stream.lastInput = connection.loop.time
    guard stream.body.count + bytes.count <= limits.bodyBytes else { return refuse(stream, .bodyTooLarge) }
    stream.body.append(contentsOf: bytes)
    stream.heldBytes += bytes.count
    heldBytes += bytes.count
    if heldBytes <= HTTP2Bounds.heldBytes || stream === oldest {
      session.consume(bytes.count, of: stream)
    } else {
      stream.withheldBytes += bytes.count
      withheldBytes += bytes.count
    }
  }

  private func endBody(_ stream: HTTP2Stream) {
    stream.isComplete = true
    if stream.phase == .body { pass(stream) }
  }

  /// The first of the requests that are not complete. It gets room whatever the others hold, so that there is an end to it.
  private var oldest: HTTP2Stream? {
    var oldest: HTTP2Stream?
    for stream in streams where stream.phase == .body && stream.id < oldest?.id ?? .max { oldest = stream }
    return oldest
  }

  /// Gives requests the room that was withheld, as far as there is some.
  func giveRoom() {
    let first = heldBytes <= HTTP2Bounds.heldBytes ? nil : oldest
    for stream in streams where stream.withheldBytes > 0 && (first == nil || stream === first) {
      session?.consume(stream.withheldBytes, of: stream)
      withheldBytes -= stream.withheldBytes
      stream.withheldBytes = 0
      stream.lastInput = connection.loop.time
    }
  }

  private func pass(_ stream: HTTP2Stream) {
    stream.phase = .over
    complete.append(stream)
  }

  /// Has a request answered with what is wrong with it.
  func refuse(_ stream: HTTP2Stream, _ problem: RequestProblem) {
    stream.phase = .over
    stream.problem = problem
    stream.body = []
    refused.append(stream)
  }

  // MARK: The end

  /// A stream is over: answered, or reset by either side.
  func streamEnded(_ id: Int32) {
    guard let stream = session?.stream(id), !stream.isClosed else { return }
    stream.isClosed = true
    let last = streams.removeLast()
    if stream.place < streams.count {
      streams[stream.place] = last
      last.place = stream.place
    }
    heldBytes -= stream.heldBytes
    withheldBytes -= stream.withheldBytes
    if headStream === stream { headStream = nil }
    lastEnd = connection.loop.time
    let wasAborted = closeOutbox(of: stream)
    if stream.exchange != nil { ended.append(stream) }
    if stream.isAnswered {
      wastedStreams.give()
    } else if !wasAborted, !wastedStreams.take() {
      excess = .enhanceYourCalm
    }
  }
}
