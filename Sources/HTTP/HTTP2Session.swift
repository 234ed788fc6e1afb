internal import CNGHTTP2

/// The server's end of one HTTP/2 connection: bytes in, bytes out, and what happens between told to its driver. Loop only.
///
/// Nothing of it may be called from within `receive` or `nextOutput`, that is, by what they tell, but what submits something.
final class HTTP2Session {
  /// Why no more bytes can be read.
  enum Failure {
    /// What came is not HTTP/2.
    case violation
    /// The peer keeps us busy with nothing.
    case flood
    case noMemory
  }

  /// What our side puts up with and tells the peer.
  struct Settings {
    var concurrentStreams: UInt32
    var headBytes: UInt32
  }

  /// Bytes of a request's body that a peer may send ahead, for each request and for the connection.
  static let streamWindow: UInt32 = 128 << 10
  static let connectionWindow: Int32 = 1 << 20

  private let handle: OpaquePointer
  private var isClosed = false
  /// Whether the library came to the end of its means.
  private(set) var hasFailed = false

  /// - Parameter driver: Is told; it must outlive this, or call `close`.
  init?(for driver: HTTP2Connection, _ settings: Settings) {
    guard let callbacks = HTTP2Callbacks.all, let options = Self.options else { return nil }
    var handle: OpaquePointer?
    nghttp2_session_server_new2(&handle, callbacks, Unmanaged.passUnretained(driver).toOpaque(), options)
    guard let handle else { return nil }
    self.handle = handle
    guard submit(settings) else { return nil }
  }

  deinit { nghttp2_session_del(handle) }

  /// Nothing is told any more, and nothing comes out.
  func close() { isClosed = true }

  /// Never changed once made.
  nonisolated(unsafe) private static let options: OpaquePointer? = {
    var options: OpaquePointer?
    nghttp2_option_new(&options)
    guard let options else { return nil }
    // A peer that is to wait until there is room for its body is not told that there is.
    nghttp2_option_set_no_auto_window_update(options, 1)
    nghttp2_option_set_no_closed_streams(options, 1)
    return options
  }()

  private func submit(_ settings: Settings) -> Bool {
    let noTreeOfPriorities: Int32 = 9
    let entries: [nghttp2_settings_entry] = [
      .init(
        settings_id: Int32(truncatingIfNeeded: NGHTTP2_SETTINGS_MAX_CONCURRENT_STREAMS.rawValue),
        value: settings.concurrentStreams),
      .init(
        settings_id: Int32(truncatingIfNeeded: NGHTTP2_SETTINGS_INITIAL_WINDOW_SIZE.rawValue), value: Self.streamWindow),
      .init(
        settings_id: Int32(truncatingIfNeeded: NGHTTP2_SETTINGS_MAX_HEADER_LIST_SIZE.rawValue),
        value: settings.headBytes),
      // RFC 9218, section 2.1: the library then shares a connection among its streams as `share` says.
      .init(settings_id: noTreeOfPriorities, value: 1),
    ]
    let none = HTTP2Code.noFlags
    guard nghttp2_submit_settings(handle, none, entries, entries.count) == 0 else { return false }
    return nghttp2_session_set_local_window_size(handle, none, 0, Self.connectionWindow) == 0
  }

  // MARK: Bytes

  /// Takes all bytes that came. The first must be those of the preface.
  func receive(_ bytes: UnsafeRawBufferPointer) -> Failure? {
    guard !isClosed, !bytes.isEmpty else { return nil }
    let taken = nghttp2_session_mem_recv(handle, bytes.bindMemory(to: UInt8.self).baseAddress, bytes.count)
    guard taken < 0 else { return nil }
    return switch Int32(truncatingIfNeeded: taken) {
    case NGHTTP2_ERR_NOMEM.rawValue: .noMemory
    case NGHTTP2_ERR_BAD_CLIENT_MAGIC.rawValue: .violation
    default: .flood
    }
  }

  /// The next bytes for the peer, which stay until this is called again; nil when there are none for now, or no memory.
  func nextOutput() -> UnsafeRawBufferPointer? {
    guard !isClosed else { return nil }
    var bytes: UnsafePointer<UInt8>?
    let count = nghttp2_session_mem_send(handle, &bytes)
    if count < 0 { hasFailed = true }
    guard count > 0 else { return nil }
    return UnsafeRawBufferPointer(start: bytes, count: count)
  }

  /// Whether nothing will be read or sent any more.
  var isOver: Bool {
    isClosed || nghttp2_session_want_read(handle) == 0 && nghttp2_session_want_write(handle) == 0
  }

  /// Frames that wait to be sent, but for those of bodies.
  var waitingFrames: Int { isClosed ? 0 : nghttp2_session_get_outbound_queue_size(handle) }

  // MARK: Streams

  /// Has `stream` found by its number from now on, until it is told of its end.
  func attach(_ stream: HTTP2Stream) {
    nghttp2_session_set_stream_user_data(handle, stream.id, Unmanaged.passUnretained(stream).toOpaque())
  }

  /// The stream with this number, if there is one.
  func stream(_ id: Int32) -> HTTP2Stream? {
    guard !isClosed, let pointer = nghttp2_session_get_stream_user_data(handle, id) else { return nil }
    return Unmanaged<HTTP2Stream>.fromOpaque(pointer).takeUnretainedValue()
  }

  /// Answers `stream`. With `hasBody`, its outbox has more, now or later.
  func respond(_ stream: HTTP2Stream, _ head: HTTP2Head, hasBody: Bool) {
    guard !isClosed else { return }
    let status = head.withFields { fields, count in
      guard hasBody else { return nghttp2_submit_response(handle, stream.id, fields, count, nil) }
      var provider = HTTP2Callbacks.provider(stream)
      return nghttp2_submit_response(handle, stream.id, fields, count, &provider)
    }
    if status != 0 { reset(stream.id, .internalError) }
  }

  /// Tells the peer that its body is wanted.
  func goOn(_ stream: HTTP2Stream) {
    guard !isClosed else { return }
    HTTP2Head(status: 100).withFields { fields, count in
      _ = nghttp2_submit_headers(handle, HTTP2Code.noFlags, stream.id, nil, fields, count, nil)
    }
  }

  /// Lets the stream have its part when others have more to send than goes, in pieces and by turns.
  func share(_ stream: HTTP2Stream) {
    guard !isClosed else { return }
    var priority = nghttp2_extpri(urgency: 3, inc: 1)
    nghttp2_session_change_extpri_stream_priority(handle, stream.id, &priority, 1)
  }

  /// There is more of a body that had run dry.
  func resume(_ stream: HTTP2Stream) {
    guard !isClosed else { return }
    nghttp2_session_resume_data(handle, stream.id)
  }

  /// Ends a stream.
  func reset(_ id: Int32, _ code: HTTP2Code) {
    guard !isClosed else { return }
    nghttp2_submit_rst_stream(handle, HTTP2Code.noFlags, id, code.rawValue)
  }

  /// So many bytes of bodies were taken: the connection has room for as many.
  func consume(_ count: Int) {
    guard !isClosed else { return }
    nghttp2_session_consume_connection(handle, count)
  }

  /// The same for one stream.
  func consume(_ count: Int, of stream: HTTP2Stream) {
    guard !isClosed else { return }
    nghttp2_session_consume_stream(handle, stream.id, count)
  }

  // MARK: The connection

  /// Asks whether the peer is there.
  func ping() {
    guard !isClosed else { return }
    nghttp2_submit_ping(handle, HTTP2Code.noFlags, nil)
  }

  /// Says that the connection will end: the peer shall begin no more streams.
  func announceEnd() {
    guard !isClosed else { return }
    nghttp2_submit_shutdown_notice(handle)
  }

  /// Takes no more streams; those that are there go on.
  func goAway() {
    guard !isClosed else { return }
    let last = nghttp2_session_get_last_proc_stream_id(handle)
    nghttp2_submit_goaway(handle, HTTP2Code.noFlags, last, HTTP2Code.noError.rawValue, nil, 0)
  }

  /// Ends everything, and says why.
  func terminate(_ code: HTTP2Code) {
    guard !isClosed else { return }
    nghttp2_session_terminate_session(handle, code.rawValue)
  }
}

/// Why a stream or a connection ends (RFC 9113, section 7).
enum HTTP2Code: UInt32 {
  case noError = 0
  case protocolError = 1
  case internalError = 2
  case cancel = 8
  case enhanceYourCalm = 11

  /// What nghttp2 takes for flags.
  static let noFlags = UInt8(0)
}
