import Platform

/// A process that plays one side of a conversation: a peer program, or this one with a role. It speaks in lines.
///
/// It says `KEY NUMBER` for what it measured and `done` when that is all, and it ends with its input. `ChannelPeers/peer.h` has
/// the whole of it. A process that is not through in time is killed, and the line that is waited for never comes.
final class RoleProcess {
  struct Failure: Error, CustomStringConvertible { let description: String }

  private let name: String
  private let process: Killable
  private let guardian: Guardian
  private var pending: [UInt8] = []
  /// What it said so far.
  private(set) var figures: [String: Double] = [:]

  /// - Parameter seconds: How long it may take in all.
  init(_ arguments: [String], seconds: Int64) throws {
    name = arguments.dropFirst().joined(separator: " ")
    process = Killable(try ChildProcess(arguments, input: .pipe, output: .pipe))
    guardian = try Guardian(process, until: .after(nanoseconds: seconds * 1_000_000_000))
  }

  deinit { guardian.release(killing: true) }

  var id: UInt64 { process.child.id() }

  /// Where it listens, which is what a server says first.
  func place() throws -> String {
    guard let line = try line(), line.key == "at" else { throw Failure(description: "\(name): did not listen") }
    return line.value
  }

  /// Takes the figures until it says `done`.
  func measure() throws {
    while let line = try line() {
      if line.key == "done" { return }
      note(line)
    }
    throw Failure(description: "\(name): ended before it was done, or took too long")
  }

  /// Lets it end, and takes the figures that are left.
  func finish() throws {
    process.child.closeInput()
    while let line = try line() { note(line) }
    guard try process.child.wait() == .exited(0) else { throw Failure(description: "\(name): failed") }
    guardian.release(killing: false)
  }

  private func note(_ line: (key: String, value: String)) {
    if let number = Double(line.value) { figures[line.key] = number }
  }

  /// The next line, which is a key and perhaps a value; nil at the end.
  private func line() throws -> (key: String, value: String)? {
    while true {
      if let end = pending.firstIndex(of: UInt8(ascii: "\n")) {
        let parts = pending[..<end].split(separator: UInt8(ascii: " "), maxSplits: 1)
        pending.removeSubrange(...end)
        let words = parts.map { String(decoding: $0, as: UTF8.self) }
        return (words.first ?? "", words.count > 1 ? words[1] : "")
      }
      var chunk = [UInt8](repeating: 0, count: 1024)
      let got = try chunk.withUnsafeMutableBytes { try process.child.readOutput(into: $0) }
      if got == 0 { return nil }
      pending += chunk[..<got]
    }
  }
}

/// A child that two threads know.
private final class Killable: Sendable {
  let child: ChildProcess

  init(_ child: consuming ChildProcess) { self.child = child }
}

/// Kills a process at a deadline, unless it is released before.
private final class Guardian: Sendable {
  private final class Watch: @unchecked Sendable {
    let lock: Lock
    let changed: Condition
    /// Under the lock.
    var released = false

    init() throws {
      lock = try Lock()
      changed = try Condition()
    }
  }

  private let process: Killable
  private let watch: Watch
  private let thread: Thread

  init(_ process: Killable, until deadline: Deadline) throws {
    let watch = try Watch()
    self.process = process
    self.watch = watch
    thread = try Thread {
      watch.lock.lock()
      defer { watch.lock.unlock() }
      while !watch.released && !deadline.hasPassed { _ = watch.changed.wait(watch.lock, until: deadline) }
      if !watch.released { try? process.child.send(.kill) }
    }
  }

  func release(killing: Bool) {
    watch.lock.lock()
    let first = !watch.released
    watch.released = true
    watch.changed.signal()
    watch.lock.unlock()
    if killing && first {
      try? process.child.send(.kill)
      _ = try? process.child.wait()
    }
  }
}
