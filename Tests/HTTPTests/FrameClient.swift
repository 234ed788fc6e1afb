import CNGHTTP2
import Platform
import Support

/// The connection ended, or the time, before there was an answer.
struct NoAnswer: Error {
  let stream: UInt32
  let hasEnded: Bool
  let goAways: [UInt32]
}

/// A client of HTTP/2 that says frame by frame what goes over its connection, also what no client should say.
final class FrameClient {
  enum Kind: UInt8 { case data, headers, priority, reset, settings, promise, ping, goAway, windowUpdate, continuation }

  enum Flag {
    static let end: UInt8 = 1, ack: UInt8 = 1, endHeaders: UInt8 = 4, padded: UInt8 = 8, priority: UInt8 = 32
  }

  struct Response {
    var status = 0
    var interim: [Int] = []
    var fields: [(name: String, value: String)] = []
    var body: [UInt8] = []
    var isComplete = false
    var resetCode: UInt32?
    var isOver: Bool { isComplete || resetCode != nil }
    var text: String { String(decoding: body, as: UTF8.self) }
    func field(_ name: String) -> String? { fields.first { $0.name == name }?.value }
  }

  static let preface = Array("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".utf8)

  let raw: RawConnection
  private(set) var responses: [UInt32: Response] = [:]
  private(set) var goAways: [(last: UInt32, code: UInt32)] = []
  private(set) var settings: [UInt16: UInt32] = [:]
  private(set) var settingsAcks = 0
  private(set) var pings: [[UInt8]] = []
  private(set) var pongs: [[UInt8]] = []
  /// How many bytes of bodies may be sent.
  private(set) var connectionWindow = 65_535
  private(set) var streamWindows: [UInt32: Int] = [:]
  /// Whether room is made for what came.
  var givesWindow = true
  var answersPings = true
  private var block: [UInt8] = []
  private let inflater: OpaquePointer

  init(_ port: UInt16, settings: [(UInt16, UInt32)]? = []) throws {
    raw = try RawConnection(port: port)
    var inflater: OpaquePointer?
    nghttp2_hd_inflate_new(&inflater)
    self.inflater = try require(inflater)
    guard let settings else { return }
    try raw.send(Self.preface + Self.settings(settings))
  }

  deinit { nghttp2_hd_inflate_del(inflater) }

  // MARK: Frames

  static func number(_ value: UInt32) -> [UInt8] { (0..<4).map { UInt8(truncatingIfNeeded: value >> (24 - 8 * $0)) } }

  static func frame(_ kind: UInt8, _ flags: UInt8 = 0, _ stream: UInt32 = 0, _ payload: [UInt8] = []) -> [UInt8] {
    Array(number(UInt32(payload.count))[1...]) + [kind, flags] + number(stream) + payload
  }

  static func frame(_ kind: Kind, _ flags: UInt8 = 0, _ stream: UInt32 = 0, _ payload: [UInt8] = []) -> [UInt8] {
    frame(kind.rawValue, flags, stream, payload)
  }

  static func settings(_ entries: [(UInt16, UInt32)]) -> [UInt8] {
    frame(.settings, 0, 0, entries.flatMap { [UInt8($0.0 >> 8), UInt8($0.0 & 255)] + number($0.1) })
  }

  /// Fields as they lie in a block, each as a literal that goes into no table.
  static func block(_ fields: [(String, String)]) -> [UInt8] {
    fields.flatMap { [0] + string(Array($0.0.utf8)) + string(Array($0.1.utf8)) }
  }

  private static func string(_ bytes: [UInt8]) -> [UInt8] {
    guard bytes.count >= 127 else { return [UInt8(bytes.count)] + bytes }
    var length: [UInt8] = [127]
    var rest = bytes.count - 127
    while rest >= 128 {
      length.append(UInt8(rest & 127) | 128)
      rest >>= 7
    }
    return length + [UInt8(rest)] + bytes
  }

  static func pseudo(_ method: String, _ path: String) -> [(String, String)] {
    [(":method", method), (":scheme", "http"), (":authority", "test"), (":path", path)]
  }

  /// A request, whole or without its end.
  static func request(
    _ stream: UInt32, _ method: String = "GET", _ path: String = "/echo", _ fields: [(String, String)] = [],
    body: [UInt8]? = nil, ends: Bool = true
  ) -> [UInt8] {
    let endsHead = ends && body == nil ? Flag.end : 0
    let head = frame(.headers, Flag.endHeaders | endsHead, stream, block(pseudo(method, path) + fields))
    guard let body else { return head }
    var frames = head
    var start = 0
    repeat {
      let end = min(start + 16_384, body.count)
      frames += frame(.data, end == body.count && ends ? Flag.end : 0, stream, Array(body[start..<end]))
      start = end
    } while start < body.count
    return frames
  }

  func send(_ bytes: [UInt8]) throws { try raw.send(bytes) }

  /// Asks, and waits for the answer.
  func ask(
    _ stream: UInt32, _ method: String = "GET", _ path: String = "/echo", _ fields: [(String, String)] = [],
    body: [UInt8]? = nil
  ) throws -> Response {
    try send(Self.request(stream, method, path, fields, body: body))
    return try answer(stream)
  }

  /// Waits for the end of an answer.
  func answer(_ stream: UInt32) throws -> Response {
    guard try wait(until: { $0.responses[stream]?.isOver == true }) else {
      throw NoAnswer(stream: stream, hasEnded: raw.hasEnded, goAways: goAways.map { $0.code })
    }
    return responses[stream] ?? Response()
  }

  // MARK: Reading

  /// Reads frames until something is so, or the other side ends; whether it is so then.
  @discardableResult
  func wait(within seconds: Double = 30, until isSo: (FrameClient) -> Bool = { _ in false }) throws -> Bool {
    let deadline = Deadline.after(nanoseconds: Int64(seconds * 1e9))
    while true {
      while let frame = takeFrame() { try handle(frame) }
      if isSo(self) { return true }
      if raw.hasEnded || deadline.hasPassed { return false }
      let count = raw.received.count
      try raw.read(within: max(0, Double(deadline.nanoseconds - Clock.monotonic()) / 1e9)) { $0.count > count }
    }
  }

  /// Waits for the end of the connection; false if it does not come.
  func waitForEnd(within seconds: Double = 30) throws -> Bool {
    try wait(within: seconds)
    return raw.hasEnded
  }

  private typealias Frame = (kind: UInt8, flags: UInt8, stream: UInt32, payload: [UInt8])

  private func takeFrame() -> Frame? {
    let head = raw.received.prefix(9).map { UInt32($0) }
    guard head.count == 9 else { return nil }
    let count = Int(head[0] << 16 | head[1] << 8 | head[2])
    guard raw.received.count >= 9 + count else { return nil }
    let bytes = raw.take(9 + count)
    let stream = (head[5] << 24 | head[6] << 16 | head[7] << 8 | head[8]) & 0x7FFF_FFFF
    return (bytes[3], bytes[4], stream, Array(bytes[9...]))
  }

  private func handle(_ frame: Frame) throws {
    let payload = frame.payload
    func word(_ start: Int) -> UInt32 { payload[start..<start + 4].reduce(0) { $0 << 8 | UInt32($1) } }
    switch Kind(rawValue: frame.kind) {
    case .data:
      responses[frame.stream, default: Response()].body += payload
      if frame.flags & Flag.end != 0 { responses[frame.stream]?.isComplete = true }
      if givesWindow, !payload.isEmpty {
        let count = Self.number(UInt32(payload.count))
        try? send(Self.frame(.windowUpdate, 0, 0, count) + Self.frame(.windowUpdate, 0, frame.stream, count))
      }
    case .headers, .continuation:
      block += payload
      if frame.flags & Flag.endHeaders != 0 { endBlock(frame.stream) }
      if frame.kind == 1, frame.flags & Flag.end != 0 { responses[frame.stream]?.isComplete = true }
    case .reset: responses[frame.stream, default: Response()].resetCode = word(0)
    case .settings where frame.flags & Flag.ack != 0: settingsAcks += 1
    case .settings:
      for start in stride(from: 0, to: payload.count, by: 6) {
        settings[UInt16(payload[start]) << 8 | UInt16(payload[start + 1])] = word(start + 2)
      }
      try? send(Self.frame(.settings, Flag.ack))
    case .ping where frame.flags & Flag.ack != 0: pongs.append(payload)
    case .ping:
      pings.append(payload)
      if answersPings { try? send(Self.frame(.ping, Flag.ack, 0, payload)) }
    case .goAway: goAways.append((word(0) & 0x7FFF_FFFF, word(4)))
    case .windowUpdate where frame.stream == 0: connectionWindow += Int(word(0))
    case .windowUpdate: streamWindows[frame.stream, default: initialWindow] += Int(word(0))
    case .priority, .promise, nil: break
    }
  }

  private var initialWindow: Int { Int(settings[4] ?? 65_535) }

  /// Sends as much of a body as may be sent, and says how much that was.
  func sendBody(_ bytes: ArraySlice<UInt8>, on stream: UInt32, ends: Bool) throws -> Int {
    let count = min(bytes.count, 16_384, connectionWindow, streamWindows[stream, default: initialWindow])
    guard count > 0 else { return 0 }
    let isLast = ends && count == bytes.count
    try send(Self.frame(.data, isLast ? Flag.end : 0, stream, Array(bytes.prefix(count))))
    connectionWindow -= count
    streamWindows[stream, default: initialWindow] -= count
    return count
  }

  private func endBlock(_ stream: UInt32) {
    var fields: [(name: String, value: String)] = []
    block.withUnsafeBufferPointer { bytes in
      var start = 0
      var flags: Int32 = 0
      while true {
        var field = nghttp2_nv()
        let taken = nghttp2_hd_inflate_hd2(
          inflater, &field, &flags, bytes.baseAddress.map { $0 + start }, bytes.count - start, 1)
        guard taken >= 0 else { return }
        start += taken
        if flags & Int32(NGHTTP2_HD_INFLATE_EMIT.rawValue) != 0 {
          func text(_ start: UnsafeMutablePointer<UInt8>?, _ count: Int) -> String {
            String(decoding: UnsafeBufferPointer(start: start, count: count), as: UTF8.self)
          }
          fields.append((text(field.name, field.namelen), text(field.value, field.valuelen)))
        }
        if flags & Int32(NGHTTP2_HD_INFLATE_FINAL.rawValue) != 0 { break }
      }
      nghttp2_hd_inflate_end_headers(inflater)
    }
    block = []
    var response = responses[stream] ?? Response()
    let status = Int(fields.first { $0.name == ":status" }?.value ?? "") ?? 0
    if status < 200 {
      response.interim.append(status)
    } else {
      (response.status, response.fields) = (status, fields)
    }
    responses[stream] = response
  }
}

private func require<T>(_ value: T?) throws -> T {
  guard let value else { throw SystemError(.noMemory) }
  return value
}
