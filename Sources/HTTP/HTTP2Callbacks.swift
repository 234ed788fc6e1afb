internal import CNGHTTP2

/// What nghttp2 calls, and how it finds a connection's driver.
///
/// Its user data is the driver, which outlives the session; the user data of its streams are `HTTP2Stream`s, which the driver
/// keeps until it is told that they are closed.
enum HTTP2Callbacks {
  /// Never changed once made; each session copies it. Nil without memory.
  nonisolated(unsafe) static let all: OpaquePointer? = {
    var callbacks: OpaquePointer?
    nghttp2_session_callbacks_new(&callbacks)
    guard let callbacks else { return nil }
    setFrames(callbacks)
    setHeads(callbacks)
    setStreams(callbacks)
    return callbacks
  }()

  private static let good: Int32 = 0
  private static let failed = NGHTTP2_ERR_CALLBACK_FAILURE.rawValue
  private static let streamFailed = NGHTTP2_ERR_TEMPORAL_CALLBACK_FAILURE.rawValue

  private static func driver(_ userData: UnsafeMutableRawPointer?) -> HTTP2Connection? {
    guard let userData else { return nil }
    return Unmanaged<HTTP2Connection>.fromOpaque(userData).takeUnretainedValue()
  }

  private static func span(_ start: UnsafePointer<UInt8>?, _ count: Int) -> UnsafeRawBufferPointer {
    UnsafeRawBufferPointer(start: start, count: count)
  }

  private static func setFrames(_ callbacks: OpaquePointer) {
    nghttp2_session_callbacks_set_on_begin_frame_callback(callbacks) { _, header, userData in
      guard let header, let driver = HTTP2Callbacks.driver(userData) else { return HTTP2Callbacks.good }
      driver.frameBegins(HTTP2Frame(header.pointee))
      return HTTP2Callbacks.good
    }
    nghttp2_session_callbacks_set_on_frame_recv_callback(callbacks) { _, frame, userData in
      guard let frame, let driver = HTTP2Callbacks.driver(userData) else { return HTTP2Callbacks.good }
      driver.frameCame(HTTP2Frame(frame.pointee.hd))
      return HTTP2Callbacks.good
    }
    nghttp2_session_callbacks_set_on_frame_send_callback(callbacks) { _, frame, userData in
      guard let frame, let driver = HTTP2Callbacks.driver(userData) else { return HTTP2Callbacks.good }
      driver.frameWent(HTTP2Frame(frame.pointee.hd))
      return HTTP2Callbacks.good
    }
    nghttp2_session_callbacks_set_on_frame_not_send_callback(callbacks) { _, frame, _, userData in
      guard let frame, let driver = HTTP2Callbacks.driver(userData) else { return HTTP2Callbacks.good }
      driver.frameStayed(HTTP2Frame(frame.pointee.hd))
      return HTTP2Callbacks.good
    }
  }

  private static func setHeads(_ callbacks: OpaquePointer) {
    nghttp2_session_callbacks_set_on_begin_headers_callback(callbacks) { _, frame, userData in
      guard let frame, let driver = HTTP2Callbacks.driver(userData) else { return HTTP2Callbacks.good }
      guard frame.pointee.headers.cat == NGHTTP2_HCAT_REQUEST else { return HTTP2Callbacks.good }
      driver.streamBegins(frame.pointee.hd.stream_id)
      return HTTP2Callbacks.good
    }
    nghttp2_session_callbacks_set_on_header_callback(callbacks) {
      _, frame, name, nameCount, value, valueCount, _, userData in
      guard let frame, let driver = HTTP2Callbacks.driver(userData) else { return HTTP2Callbacks.good }
      // Fields behind a body are of no use here.
      guard frame.pointee.headers.cat == NGHTTP2_HCAT_REQUEST else { return HTTP2Callbacks.good }
      let isSound = driver.fieldCame(
        frame.pointee.hd.stream_id, HTTP2Callbacks.span(name, nameCount), HTTP2Callbacks.span(value, valueCount))
      return isSound ? HTTP2Callbacks.good : HTTP2Callbacks.streamFailed
    }
    nghttp2_session_callbacks_set_on_invalid_header_callback(callbacks) { _, frame, _, _, _, _, _, userData in
      guard let frame, let driver = HTTP2Callbacks.driver(userData) else { return HTTP2Callbacks.good }
      driver.refuseMalformed(frame.pointee.hd.stream_id)
      return HTTP2Callbacks.streamFailed
    }
  }

  private static func setStreams(_ callbacks: OpaquePointer) {
    nghttp2_session_callbacks_set_on_data_chunk_recv_callback(callbacks) { _, _, id, start, count, userData in
      HTTP2Callbacks.driver(userData)?.dataCame(id, HTTP2Callbacks.span(start, count))
      return HTTP2Callbacks.good
    }
    nghttp2_session_callbacks_set_on_stream_close_callback(callbacks) { _, id, _, userData in
      HTTP2Callbacks.driver(userData)?.streamEnded(id)
      return HTTP2Callbacks.good
    }
  }

  /// Gives the body of a stream's answer.
  static func provider(_ stream: HTTP2Stream) -> nghttp2_data_provider {
    var provider = nghttp2_data_provider()
    provider.source.ptr = Unmanaged.passUnretained(stream).toOpaque()
    provider.read_callback = { _, _, start, count, flags, source, userData in
      guard let driver = HTTP2Callbacks.driver(userData), let pointer = source?.pointee.ptr, let flags else {
        return Int(HTTP2Callbacks.failed)
      }
      let stream = Unmanaged<HTTP2Stream>.fromOpaque(pointer).takeUnretainedValue()
      switch driver.fill(UnsafeMutableRawBufferPointer(start: start, count: count), from: stream) {
      case .some(let count): return count
      case .last(let count):
        flags.pointee |= NGHTTP2_DATA_FLAG_EOF.rawValue
        return count
      case .nothingYet: return Int(NGHTTP2_ERR_DEFERRED.rawValue)
      }
    }
    return provider
  }
}

/// What there is to know of a frame without its content.
struct HTTP2Frame {
  enum Kind: UInt8 {
    case data = 0, headers, priority, reset, settings, promise, ping, goAway, windowUpdate, continuation
    case other = 255
  }

  let kind: Kind
  let stream: Int32
  let count: Int
  let endsStream: Bool

  init(_ header: nghttp2_frame_hd) {
    kind = Kind(rawValue: header.type) ?? .other
    stream = header.stream_id
    count = header.length
    endsStream = (kind == .data || kind == .headers) && header.flags & UInt8(1) != 0
  }

  /// Whether it brings a request nearer to its end, or makes room for an answer.
  var isUseful: Bool {
    switch kind {
    case .headers, .windowUpdate: true
    case .data: count > 0 || endsStream
    case .priority, .reset, .settings, .promise, .ping, .goAway, .continuation, .other: false
    }
  }
}
