package import Platform

/// Reads a file or a pipe on a thread of its own, so that the caller knows when there is nothing to read yet, and can be
/// asked to stop while there is nothing.
///
/// At most two chunks are held: one that is being worked on, one that is being filled.
package final class InputPump: @unchecked Sendable {
  package enum Delivery {
    /// The first `count` bytes of a buffer that is given back with `recycle`.
    case chunk([UInt8], count: Int)
    /// Nothing is there now.
    case nothing
    case end
    case failed(SystemError)
    /// The process was asked to stop, and everything that was read before is delivered.
    case stopped(StopRequests.Reason)
  }

  private static let chunkBytes = 128 << 10
  private static let chunksHeld = 2

  private let lock: Lock
  private let changed: Condition
  private let file: File
  private var chunks: [(buffer: [UInt8], count: Int)] = []
  private var spare: [[UInt8]] = []
  private var outcome: Delivery?
  private var stop: StopRequests.Reason?
  private var threads = Threads()

  private struct Threads: ~Copyable {
    var reader: Thread?
    var stopper: Thread?
  }

  private init(_ file: consuming File) throws(SystemError) {
    lock = try Lock()
    changed = try Condition()
    self.file = file
  }

  /// Starts to read.
  ///
  /// The pump lives as long as the process: a thread that waits for input cannot be ended, so it must never lose what it
  /// works on.
  package static func start(_ file: consuming File) throws(SystemError) -> InputPump {
    let pump = try InputPump(file)
    _ = Unmanaged.passRetained(pump)
    pump.threads.reader = try Thread { pump.read() }
    pump.threads.stopper = try Thread { pump.awaitStop() }
    return pump
  }

  /// What comes next. With `waits` it is never `nothing`.
  package func next(waits: Bool) -> Delivery {
    lock.lock()
    defer { lock.unlock() }
    while true {
      if !chunks.isEmpty {
        let chunk = chunks.removeFirst()
        changed.broadcast()
        return .chunk(chunk.buffer, count: chunk.count)
      }
      if let outcome { return outcome }
      if let stop { return .stopped(stop) }
      if !waits { return .nothing }
      _ = changed.wait(lock)
    }
  }

  /// Gives the memory of a chunk back.
  package func recycle(_ buffer: consuming [UInt8]) {
    lock.lock()
    if spare.count < Self.chunksHeld { spare.append(buffer) }
    lock.unlock()
  }

  private func read() {
    while true {
      lock.lock()
      while chunks.count >= Self.chunksHeld { _ = changed.wait(lock) }
      var buffer = spare.popLast() ?? [UInt8](repeating: 0, count: Self.chunkBytes)
      lock.unlock()
      let result = fill(&buffer)
      lock.lock()
      switch result {
      case .success(let count) where count > 0: chunks.append((buffer, count))
      case .success: outcome = .end
      case .failure(let error): outcome = .failed(error)
      }
      let isOver = outcome != nil
      changed.broadcast()
      lock.unlock()
      if isOver { return }
    }
  }

  /// Reads once: as much as there is, up to a chunk. 0 is the end.
  private func fill(_ buffer: inout [UInt8]) -> Result<Int, SystemError> {
    buffer.withUnsafeMutableBytes { memory in
      do throws(SystemError) {
        return .success(try file.read(into: memory))
      } catch {
        return .failure(error)
      }
    }
  }

  private func awaitStop() {
    let reason = StopRequests.wait(until: .never)
    lock.lock()
    stop = reason
    changed.broadcast()
    lock.unlock()
  }
}
