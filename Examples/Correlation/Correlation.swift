import Channels
import Platform

/// Several requests on one channel at once, answered in another order, and matched by their ids.
///
///     Correlation [ADDRESS]      both sides in one program; at tcp://127.0.0.1:0 unless told otherwise
///
/// Ends with 0 when every request got its own answer, and at least one was overtaken; else with 1.
@main enum Correlation {
  static let questions = ["2+3", "10+20", "400+1", "7+7", "1+1"]

  static func main() {
    do {
      let engine = try Engine()
      let address = try ChannelAddress(Process.arguments.first ?? "tcp://127.0.0.1:0", for: .listening)
      let server = try engine.makeGroup()
      try server.listen(at: address)
      guard let bound = try server.receive()?.boundAddress else {
        say("error: cannot listen at \(address.text)")
        Process.exit(1)
      }
      // A group belongs to whoever receives from it. Here each side has a group and a thread of its own.
      let thread = try Thread {
        do throws(ChannelError) { try calculate(server) } catch { say("server: \(error.message)") }
      }
      let isRight = try ask(engine.makeGroup(), bound)
      thread.join()
      engine.shutDown()
      Process.exit(isRight ? 0 : 1)
    } catch {
      say("error: \(error)")
      Process.exit(1)
    }
  }

  // MARK: The side that asks

  static func ask(_ group: ChannelGroup, _ address: ChannelAddress) throws(ChannelError) -> Bool {
    let channel = try group.connect(to: address).channel
    // Posting chooses an id where none is given. It is all that has to be remembered of a request.
    var open: [UInt64: String] = [:]
    var order: [UInt64] = []
    for question in questions {
      let posted = try group.post(group.engine.makeMessage(.request, channel: channel, body: question))
      open[posted.id] = question
      order.append(posted.id)
    }
    say("\(open.count) requests are on their way")
    var overtaken = 0
    while let message = try group.receive(until: .after(nanoseconds: 30_000_000_000)) {
      if let reason = message.closeReason { return open.isEmpty && overtaken > 0 && reason == .graceful }
      guard !message.isNotice, message.opCode == .response else { continue }
      guard let question = open.removeValue(forKey: message.id) else {
        throw ChannelError(.invalidMessage, "an answer to nothing that was asked")
      }
      if message.id != order.first { overtaken += 1 }
      order.removeAll { $0 == message.id }
      say("\(question) = \(message.bodyText ?? "?")")
      if open.isEmpty { try group.sayBye(on: channel) }
    }
    throw ChannelError(.timedOut, "\(open.count) requests were not answered")
  }

  // MARK: The side that answers

  /// A request that is being worked on: where its answer goes, and what it is to be called. The message itself went back to
  /// its pool, so that open requests do not keep others from being received.
  struct Task {
    let channel: UInt16
    let id: UInt64
    let text: String
  }

  /// Collects requests, and answers the newest first: as if the oldest took longest.
  static func calculate(_ group: ChannelGroup) throws(ChannelError) {
    var tasks: [Task] = []
    while let message = try group.receive() {
      if message.closeReason != nil { return }
      if message.isNotice { continue }
      guard message.opCode == .request else {
        try group.reply(message)  // to a hello or a bye
        continue
      }
      tasks.append(Task(channel: message.channel, id: message.id, text: message.bodyText ?? ""))
      guard tasks.count == questions.count else { continue }
      while let task = tasks.popLast() {
        // An answer has the channel and the id of its request. Whoever is gone by now needs none.
        _ = try? group.post(
          group.engine.makeMessage(.response, channel: task.channel, id: task.id, body: sum(task.text)))
      }
    }
  }

  /// The sum of numbers between plus signs.
  static func sum(_ text: String) -> String {
    let numbers = text.split(separator: "+").map { Int($0) }
    guard !numbers.contains(nil) else { return "not a sum" }
    return "\(numbers.reduce(0) { $0 &+ ($1 ?? 0) })"
  }

  static func say(_ line: String) { try? File.standardOutput().write(Array((line + "\n").utf8)) }
}
