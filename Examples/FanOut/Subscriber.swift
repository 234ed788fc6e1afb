import Channels
import Platform

/// Receives on an engine and a thread of its own, as another program would.
final class Subscriber {
  /// What came of it.
  struct Result: Sendable {
    var received: UInt64 = 0
    var missed: UInt64 = 0
    var isGraceful = false
  }

  private let worker: Worker
  private var thread: Thread?

  /// - Parameter isBusy: Whether it looks at nothing that has come until `wakeUp`.
  init(_ name: String, _ address: ChannelAddress, isBusy: Bool) throws {
    let worker = try Worker(name, address, isBusy)
    self.worker = worker
    thread = try Thread { worker.run() }
  }

  /// An update from another thread arrives in the mailbox of a group like any message.
  func wakeUp() { try? worker.elsewhere.update() }

  /// Waits for its end.
  func finish() -> Result {
    thread = nil
    return worker.result
  }
}

/// What the thread works on. `result` is read by others only when the thread is over.
private final class Worker: @unchecked Sendable {
  private let name: String
  private let address: ChannelAddress
  private let isBusy: Bool
  private let group: ChannelGroup
  let elsewhere: ChannelGroup
  private(set) var result = Subscriber.Result()
  private var newest: UInt64 = 0

  init(_ name: String, _ address: ChannelAddress, _ isBusy: Bool) throws(ChannelError) {
    self.name = name
    self.address = address
    self.isBusy = isBusy
    // The bound of what may wait in its mailbox: when so many do, its engine reads no more, and the publisher's queue fills.
    var options = EngineOptions()
    options.maximumMessages = 64
    let engine = try Engine(options)
    group = try engine.makeGroup()
    elsewhere = try engine.makeGroup()
  }

  func run() {
    do throws(ChannelError) {
      try group.connect(to: address)
      if isBusy { _ = try elsewhere.receive() }
      while let message = try group.receive(), try take(message) {}
    } catch {
      say("\(name): \(error.message)")
    }
  }

  /// False after the last one.
  private func take(_ message: consuming Message) throws(ChannelError) -> Bool {
    if let reason = message.closeReason {
      result.isGraceful = reason == .graceful
      say("\(name): \(result.received) received, \(result.missed) missed; \(reason.text)")
      return false
    }
    if message.isNotice { return true }
    switch message.opCode {
    case .signal:
      note(message.id)
      result.received += 1
      // Not sent if the publisher has said bye meanwhile: then it does not matter any more.
      _ = try? group.post(group.engine.makeMessage(.signal, channel: message.channel, id: message.id))
    case .byeRequest:
      if let last = message.header("published").flatMap({ UInt64($0) }) { note(last &+ 1) }
      try group.reply(message)
    default: break
    }
    return true
  }

  /// Messages are numbered: what lies between two that came was left out.
  private func note(_ number: UInt64) {
    if number > newest { result.missed += number - newest - 1 }
    newest = max(newest, number)
  }
}
