internal import CommandSupport
internal import Documents
internal import Platform

/// A wrapped command while it runs: two threads read its output, one passes stop requests on to it, and the caller stores.
enum Tapping {
  /// Runs the command to its end. How it ended, and how many lines it printed.
  static func run(
    _ command: [String], isQuiet: Bool, _ recorder: consuming TapRecorder
  ) throws(CommandError) -> (ChildProcess.End, lines: UInt64) {
    var recorder = recorder
    let wrapped = try WrappedCommand(command, isQuiet: isQuiet, lineLimit: recorder.lineLimit)
    let began = Clock.monotonic()
    var lines: UInt64 = 0
    do throws(CommandError) {
      try recorder.start(command)
      while let batch = wrapped.take() {
        for line in batch {
          try recorder.line(line.bytes, stream: line.stream)
          lines += 1
        }
        try recorder.flush()
        if let stream = wrapped.overlongStream { throw recorder.overlong(stream) }
      }
    } catch {
      wrapped.kill()
      throw error
    }
    let end = try wrapped.wait()
    try recorder.exit(end, elapsed: UInt64(max(0, Clock.monotonic() - began)) / 1_000_000)
    return (end, lines)
  }
}

/// A stream of a wrapped command.
enum TapStream: Sendable {
  case output, error

  var name: String { self == .output ? "stdout" : "stderr" }
}

/// The process of a wrapped command, and the lines that it printed and nobody has taken yet.
final class WrappedCommand: @unchecked Sendable {
  struct Line {
    let stream: TapStream
    let bytes: [UInt8]
  }

  /// Bytes of lines that may wait; then the command has to.
  private static let waitingLimit = 1 << 20
  private static let readBytes = 64 << 10

  private let child: ChildProcess
  private let isQuiet: Bool
  private let lineLimit: Int
  private let lock: Lock
  private let changed: Condition
  // Guarded by `lock`.
  private var waiting: [Line] = []
  private var waitingBytes = 0
  private var running = 2
  private var overlong: TapStream?
  private var isAbandoned = false
  private var readers = Readers()

  private struct Readers: ~Copyable {
    var output: Thread?
    var error: Thread?
  }

  /// Starts it, and begins to read.
  ///
  /// - Parameter lineLimit: Bytes of the longest line that can be stored.
  init(_ command: [String], isQuiet: Bool, lineLimit: Int) throws(CommandError) {
    self.isQuiet = isQuiet
    self.lineLimit = lineLimit
    do throws(SystemError) {
      lock = try Lock()
      changed = try Condition()
    } catch {
      throw .failed(Failure(.internal, "failed to start the wrapped command", causes: [error.message]))
    }
    do throws(SystemError) {
      child = try ChildProcess(command, output: .pipe, error: .pipe)
    } catch {
      throw Self.cannotStart(command[0], error)
    }
    do throws(SystemError) {
      readers.output = try Thread { self.read(.output) }
      readers.error = try Thread { self.read(.error) }
    } catch {
      kill()
      throw .failed(Failure(.internal, "failed to read the wrapped command's output", causes: [error.message]))
    }
    try passStopRequestsOn()
  }

  private static func cannotStart(_ name: String, _ error: SystemError) -> CommandError {
    switch error.kind {
    case .notFound:
      .usage("wrapped command not found: \(name)", hint: "Check its name and PATH.")
    case .permission:
      .failed(
        Failure(
          .permission, "wrapped command may not be run: \(name)", hint: "Check that it is an executable file.",
          causes: [error.message]))
    default:
      .failed(
        Failure(
          .io, "failed to start the wrapped command", hint: "Check that \(name) is a program.",
          causes: [error.message]))
    }
  }

  // MARK: The caller

  /// Lines that came, at least one, or none with `overlongStream`; nil when all output is over.
  func take() -> [Line]? {
    lock.lock()
    defer { lock.unlock() }
    while waiting.isEmpty, running > 0, overlong == nil { _ = changed.wait(lock) }
    if waiting.isEmpty, overlong == nil { return nil }
    let lines = waiting
    waiting = []
    waitingBytes = 0
    changed.broadcast()
    return lines
  }

  /// The stream with a line that is longer than can be stored, once all before it was taken.
  var overlongStream: TapStream? {
    lock.lock()
    defer { lock.unlock() }
    return waiting.isEmpty ? overlong : nil
  }

  /// Waits for its end.
  func wait() throws(CommandError) -> ChildProcess.End {
    do throws(SystemError) {
      if let end = try child.wait() { return end }
      throw SystemError(.io)
    } catch {
      throw .failed(Failure(.io, "failed to wait for the wrapped command", causes: [error.message]))
    }
  }

  /// Ends it as hard as the system can, and waits for its end. What it printed is read no more.
  func kill() {
    lock.lock()
    isAbandoned = true
    changed.broadcast()
    lock.unlock()
    try? child.send(.kill)
    _ = try? child.wait()
  }

  private func passStopRequestsOn() throws(CommandError) {
    // Whoever pressed Ctrl-C at a terminal has sent it to every process there, the command among them; twice would mean more.
    let isAtTerminal =
      File.standardInput().isTerminal() || File.standardOutput().isTerminal() || File.standardError().isTerminal()
    try Stopping.onRequest { [self] reason in
      switch reason {
      case .interrupt: if !isAtTerminal { try? child.send(.interrupt) }
      case .terminate: try? child.send(.terminate)
      }
    }
  }

  // MARK: Reading

  private func read(_ stream: TapStream) {
    var buffer = [UInt8](repeating: 0, count: Self.readBytes)
    var rest: [UInt8] = []
    var passesOn = !isQuiet
    while true {
      let count = fill(&buffer, from: stream)
      if count == 0 { break }
      // Nobody reads our output any more: storing goes on.
      if passesOn { passesOn = pass(buffer, count, to: stream) }
      guard cut(buffer[..<count], &rest, stream) else { break }
    }
    finish(stream, rest)
  }

  /// 0 at the end, also when it ends with an error: its pipe is gone then.
  private func fill(_ buffer: inout [UInt8], from stream: TapStream) -> Int {
    buffer.withUnsafeMutableBytes { memory -> Int in
      do throws(SystemError) {
        return stream == .output ? try child.readOutput(into: memory) : try child.readError(into: memory)
      } catch {
        return 0
      }
    }
  }

  private func pass(_ buffer: [UInt8], _ count: Int, to stream: TapStream) -> Bool {
    buffer.withUnsafeBytes { memory -> Bool in
      let bytes = UnsafeRawBufferPointer(rebasing: memory[..<count])
      do throws(SystemError) {
        if stream == .output {
          try File.standardOutput().write(bytes)
        } else {
          try File.standardError().write(bytes)
        }
        return true
      } catch {
        return false
      }
    }
  }

  /// Hands whole lines over and keeps what is left; false when nobody wants more.
  private func cut(_ bytes: ArraySlice<UInt8>, _ rest: inout [UInt8], _ stream: TapStream) -> Bool {
    var start = bytes.startIndex
    while let end = bytes[start...].firstIndex(of: 0x0A) {
      rest += bytes[start..<end]
      start = end + 1
      guard rest.count <= lineLimit else { return refuse(stream) }
      while let last = rest.last, last == 0x0D { rest.removeLast() }
      guard add(Line(stream: stream, bytes: rest)) else { return false }
      rest.removeAll(keepingCapacity: true)
    }
    rest += bytes[start...]
    return rest.count <= lineLimit || refuse(stream)
  }

  private func add(_ line: Line) -> Bool {
    lock.lock()
    defer { lock.unlock() }
    while waitingBytes > Self.waitingLimit, !isAbandoned { _ = changed.wait(lock) }
    if isAbandoned { return false }
    waiting.append(line)
    // A line takes some memory however short it is.
    waitingBytes += line.bytes.count + 64
    changed.broadcast()
    return true
  }

  private func refuse(_ stream: TapStream) -> Bool {
    lock.lock()
    overlong = overlong ?? stream
    changed.broadcast()
    lock.unlock()
    return false
  }

  private func finish(_ stream: TapStream, _ rest: [UInt8]) {
    var rest = rest
    while let last = rest.last, last == 0x0D { rest.removeLast() }
    if !rest.isEmpty, rest.count <= lineLimit { _ = add(Line(stream: stream, bytes: rest)) }
    lock.lock()
    running -= 1
    changed.broadcast()
    lock.unlock()
  }
}
