import Channels
import Platform

/// A server that sends back what it is sent, and a client that checks it.
///
///     Echo server tcp://127.0.0.1:7099 2              serves until two clients have left
///     Echo client tcp://127.0.0.1:7099 one two three
///
/// Ends with 0 when all went well, with 1 when the other side or the network did not do its part, with 2 for wrong arguments.
@main enum Echo {
  static func main() {
    let arguments = Process.arguments
    do throws(ChannelError) {
      switch arguments.first {
      case "server" where arguments.count == 3:
        try serve(ChannelAddress(arguments[1], for: .listening), clients: Int(arguments[2]) ?? 1)
      case "client" where arguments.count > 2:
        let address = try ChannelAddress(arguments[1], for: .connecting)
        Process.exit(try call(address, with: Array(arguments[2...])) ? 0 : 1)
      default:
        say("usage: Echo server ADDRESS CLIENTS | Echo client ADDRESS WORD…")
        Process.exit(2)
      }
    } catch {
      say("error: \(error.message)\(error.hint.map { "; \($0)" } ?? "")")
      Process.exit(1)
    }
  }

  /// Everything that concerns the server arrives in one mailbox: word of its listener, new peers, what they send, their end.
  static func serve(_ address: ChannelAddress, clients: Int) throws(ChannelError) {
    let engine = try Engine()
    let group = try engine.makeGroup()
    let listener = try group.listen(at: address).channel
    var left = clients
    while left > 0, let message = try group.receive() {
      if let address = message.boundAddress {
        say("listening at \(address.text)")
      } else if let reason = message.closeReason {
        if message.channel == listener { throw ChannelError(.failed, "cannot listen: \(reason.text)") }
        say("a client left: \(reason.text)")
        left -= 1
      } else if message.isNotice {
        continue  // an answer that was not sent, because its client is gone
      } else if message.opCode.reply != nil {
        // The answer to a hello, a request, a signal or a bye is the same message, sent back.
        answer(message, in: group)
      }
    }
    // What is still to be sent is sent, as long as that does not take too long.
    engine.shutDown(drainingUntil: .after(nanoseconds: 5_000_000_000))
  }

  /// A client that is gone by now has no more need of an answer. Its end is told in the mailbox.
  static func answer(_ message: consuming Message, in group: ChannelGroup) { _ = try? group.reply(message) }

  /// Sends every word, waits for each to come back, and says bye. True if all came back as they were.
  static func call(_ address: ChannelAddress, with words: [String]) throws(ChannelError) -> Bool {
    let engine = try Engine()
    let group = try engine.makeGroup()
    let channel = try group.connect(to: address).channel
    // Nobody has to wait for the answer to the hello: these wait until the connection is there.
    do throws(ChannelError) {
      for word in words { try group.post(engine.makeMessage(.request, channel: channel, body: word)) }
    } catch {
      // If the channel has ended already, the mailbox says why.
      guard error.kind == .closed else { throw error }
    }
    var echoed = 0
    while let message = try group.receive(until: .after(nanoseconds: 30_000_000_000)) {
      if let reason = message.closeReason {
        say("\(echoed) of \(words.count) words came back; \(reason.text)")
        return echoed == words.count && reason == .graceful
      }
      guard !message.isNotice, message.opCode == .response else { continue }
      let word = message.bodyText ?? ""
      say("echo: \(word)")
      guard echoed < words.count, word == words[echoed] else {
        throw ChannelError(.failed, "that is not what was sent")
      }
      echoed += 1
      if echoed == words.count { try group.sayBye(on: channel) }
    }
    throw ChannelError(.timedOut, "the server does not answer")
  }

  static func say(_ line: String) { try? File.standardOutput().write(Array((line + "\n").utf8)) }
}
