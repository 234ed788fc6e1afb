internal import CPlatform

/// A process that this one started. Its pipes are closed when the value goes away; it may go on.
public struct ChildProcess: ~Copyable, @unchecked Sendable {
  /// What to do with one of its streams.
  public enum Stream: UInt32, Sendable { case inherit, pipe, null }
  /// What to send it.
  public enum Signal: UInt32, Sendable { case interrupt = 1, terminate, kill }
  /// How it ended.
  public enum End: Equatable, Sendable { case exited(Int32), signaled(Int32) }

  private let child: OpaquePointer

  /// Starts `arguments[0]`, looked up in PATH if it has no separator.
  ///
  /// - Throws: `.notFound` or `.permission` when it cannot be started.
  public init(
    _ arguments: [String], input: Stream = .inherit, output: Stream = .inherit, error: Stream = .inherit,
    directory: String? = nil, ownGroup: Bool = false
  ) throws(SystemError) {
    // The arguments in one buffer, each with its NUL, so that no pointer outlives its storage.
    var bytes: [CChar] = []
    var starts: [Int] = []
    for argument in arguments {
      starts.append(bytes.count)
      for byte in argument.utf8 { bytes.append(CChar(bitPattern: byte)) }
      bytes.append(0)
    }
    let directoryAt = bytes.count
    for byte in (directory ?? "").utf8 { bytes.append(CChar(bitPattern: byte)) }
    bytes.append(0)
    var child: OpaquePointer?
    let status = bytes.withUnsafeBufferPointer { storage in
      var pointers: [UnsafePointer<CChar>?] = starts.map { start in storage.baseAddress.map { $0 + start } }
      pointers.append(nil)
      return pointers.withUnsafeBufferPointer { list in
        var options = platform_child_options()
        options.arguments = list.baseAddress
        if directory != nil { options.directory = storage.baseAddress.map { $0 + directoryAt } }
        options.input = input.rawValue
        options.output = output.rawValue
        options.error = error.rawValue
        options.own_group = ownGroup
        return platform_child_start(&options, &child)
      }
    }
    try check(status)
    guard let child else { throw SystemError(.limit) }
    self.child = child
  }

  deinit { platform_child_free(child) }

  /// The number the system knows it by.
  public borrowing func id() -> UInt64 { platform_child_process_id(child) }

  /// Reads from its output pipe; 0 is the end.
  public borrowing func readOutput(into buffer: UnsafeMutableRawBufferPointer) throws(SystemError) -> Int {
    try read(platform_child_output(child), buffer)
  }

  /// Reads from its error pipe; 0 is the end.
  public borrowing func readError(into buffer: UnsafeMutableRawBufferPointer) throws(SystemError) -> Int {
    try read(platform_child_error(child), buffer)
  }

  private borrowing func read(
    _ handle: platform_handle, _ buffer: UnsafeMutableRawBufferPointer
  ) throws(SystemError) -> Int {
    var got = 0
    try check(platform_file_read(handle, buffer.baseAddress, buffer.count, &got))
    return got
  }

  /// Writes all the bytes to its input pipe; `.closed` when it reads no more.
  public borrowing func writeInput(_ bytes: [UInt8]) throws(SystemError) {
    try check(bytes.withUnsafeBytes { platform_file_write(platform_child_input(child), $0.baseAddress, $0.count) })
  }

  /// Lets it see the end of its input.
  public borrowing func closeInput() { platform_child_close_input(child) }

  /// Sends it a signal, or what is nearest.
  public borrowing func send(_ signal: Signal) throws(SystemError) {
    try check(platform_child_signal(child, signal.rawValue))
  }

  /// What this system calls the signal of this number: `SIGTERM`; nil for numbers without a name, and on Windows.
  public static func signalName(_ number: Int32) -> String? { platform_signal_name(number).map { String(cString: $0) } }

  /// Waits for its end; nil if it still runs at the deadline.
  public borrowing func wait(until deadline: Deadline = .never) throws(SystemError) -> End? {
    var status = platform_exit_status()
    let result = platform_child_wait(child, deadline.nanoseconds, &status)
    if result == PLATFORM_TIMED_OUT || result == PLATFORM_BUSY { return nil }
    try check(result)
    return status.signaled ? .signaled(status.code) : .exited(status.code)
  }
}
