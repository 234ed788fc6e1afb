internal import Arguments
internal import CommandSupport
internal import Documents
internal import JSON
internal import Platform

/// The sending half of `duplex`: a thread that appends what comes on standard input.
///
/// It lives as long as the process: a thread that waits for input cannot be ended.
final class DuplexSender: @unchecked Sendable {
  /// Bytes of one line of a terminal.
  private static let lineLimit = 1 << 20

  /// Tells the receiving half when the input is over, or why it went wrong.
  let companion: Companion
  /// Held while something is being appended, so that the process does not end in the middle of it.
  private let gate: Lock

  private let target: PoolTarget
  private let name: String?
  private var feeder: Feeder?
  private let options: FeedOptions
  private let label: PoolLabel
  private let session: Session
  private var line: [UInt8] = []

  /// - Parameters:
  ///   - session: For its notices; it has the error stream to itself.
  ///   - name: Whose lines of text come; nil for records.
  init(
    _ target: PoolTarget, _ label: PoolLabel, _ session: Session, lines name: String?
  ) throws(CommandError) {
    do throws(SystemError) {
      companion = try Companion()
      gate = try Lock()
    } catch {
      throw Self.failed(error)
    }
    self.target = target
    self.name = name
    self.label = label
    self.session = session
    options = FeedOptions.sending
    feeder = Feeder(options, target, session)
  }

  private static func failed(_ error: SystemError) -> CommandError {
    .failed(Failure(.internal, "failed to start reading", causes: [error.message]))
  }

  /// Begins to read.
  func start() throws(CommandError) {
    do throws(SystemError) {
      let pump = try InputPump.start(File.standardInput())
      _ = Unmanaged.passRetained(self)
      _ = Unmanaged.passRetained(Holder(try Thread { self.run(pump) }))
    } catch {
      throw Self.failed(error)
    }
  }

  /// Nothing is appended to a pool of this machine any more when this returns. What a server is sent meanwhile is its affair.
  func close() {
    // For good.
    if target.takesBatches { gate.lock() }
  }

  private final class Holder {
    let thread: Thread
    init(_ thread: consuming Thread) { self.thread = thread }
  }

  // MARK: The thread

  private func run(_ pump: InputPump) {
    do throws(CommandError) {
      gate.lock()
      defer { gate.unlock() }
      guard let feeder = feeder.take() else { return }
      if let name {
        var feeder = feeder
        try sendLines(pump, as: name, &feeder)
      } else {
        var reader = IngestReader(options, feeder, label, session, command: "duplex")
        let ending = try reader.run({ waits in next(pump, waits: waits) }, recycle: { pump.recycle($0) })
        if case .failed(let error) = ending { throw Self.unreadable(error) }
      }
      companion.end(.ended(try remotely { () throws(Failure) in try target.newest() }))
    } catch {
      companion.end(.failed(error))
    }
  }

  /// What comes next. The gate is open while there is nothing.
  private func next(_ pump: InputPump, waits: Bool) -> InputPump.Delivery {
    guard waits else { return pump.next(waits: false) }
    gate.unlock()
    defer { gate.lock() }
    return pump.next(waits: true)
  }

  private static func unreadable(_ error: SystemError) -> CommandError {
    .failed(
      Failure(.io, "failed to read standard input", hint: "Check where the input comes from.", causes: [error.message]))
  }

  // MARK: Lines of a terminal

  private func sendLines(_ pump: InputPump, as name: String, _ feeder: inout Feeder) throws(CommandError) {
    while true {
      switch next(pump, waits: true) {
      case .chunk(let buffer, let count):
        for byte in buffer[..<count] {
          if byte != 0x0A { line.append(byte) }
          if byte == 0x0A || line.count >= Self.lineLimit { try sendLine(as: name, &feeder) }
        }
        pump.recycle(buffer)
      case .failed(let error): throw Self.unreadable(error)
      case .end, .stopped: return try sendLine(as: name, &feeder)
      case .nothing: break
      }
    }
  }

  private func sendLine(as name: String, _ feeder: inout Feeder) throws(CommandError) {
    while let last = line.last, last == 0x0D { line.removeLast() }
    let text = String(decoding: line, as: UTF8.self)
    line.removeAll(keepingCapacity: true)
    guard !text.utf8.allSatisfy(ValueScanner.isBlank) else { return }
    let data = Array("{\"from\":\(jsonString(name)),\"msg\":\(jsonString(text))}".utf8)
    do throws(FeedFault) {
      try feeder.add(data.span.bytes, readableBeyond: 0)
    } catch {
      switch error {
      case .refused(let problem): throw .failed(problem.error(line: nil))
      case .failed(let error): throw error
      }
    }
    try feeder.flush()
  }
}
