import Channels
import Platform

/// One publisher, three quick subscribers, and one that is busy with something else.
///
///     FanOut skip      the slow one misses what does not fit into its queue, and learns how much
///     FanOut close     the slow one is cut off
///
/// Ends with 0 when the quick ones got everything, and only the slow one was treated otherwise; else with 1.
@main enum FanOut {
  static func main() {
    guard let policy = Publisher.Policy(rawValue: Process.arguments.first ?? "skip") else {
      say("usage: FanOut [skip | close]")
      Process.exit(2)
    }
    do {
      var publisher = try Publisher(policy)
      let address = try publisher.listen()
      let slow = try Subscriber("slow", address, isBusy: true)
      let quick = try ["quick 1", "quick 2", "quick 3"].map { try Subscriber($0, address, isBusy: false) }
      // The slowest of the quick ones sets the pace, and nobody who is slower than that.
      let published = try publisher.publish(to: quick.count + 1, atThePaceOf: quick.count)
      slow.wakeUp()
      try publisher.finish()
      say("\(published) messages were published, and \(publisher.skipped) skipped")
      let allOfThem = quick.map { $0.finish() }.allSatisfy { $0.isGraceful && $0.received == published }
      let notAll = slow.finish()
      let isTold =
        switch policy {
        case .skip: notAll.isGraceful && notAll.missed > 0 && notAll.received + notAll.missed == published
        case .close: !notAll.isGraceful
        }
      Process.exit(allOfThem && isTold ? 0 : 1)
    } catch let error as ChannelError {
      say("error: \(error.message)")
    } catch {
      say("error: \(error)")
    }
    Process.exit(1)
  }
}

func say(_ line: String) { try? File.standardOutput().write(Array((line + "\n").utf8)) }
