import Channels
import Platform

/// Has one document printed, page by page.
struct Client {
  private let engine: Engine
  private let group: ChannelGroup
  private let channel: UInt16

  /// Connects, and says in the hello what is to be printed.
  init(_ address: ChannelAddress, format: String) throws(ChannelError) {
    engine = try Engine()
    group = try engine.makeGroup()
    var hello = engine.makeMessage(.helloRequest)
    try hello.appendHeader("format", format)
    channel = try group.connect(to: address, with: hello).channel
  }

  /// Prints the pages, and returns how many the server says it has printed. Closes in good order.
  func print(_ title: String, _ pages: [String]) throws(ChannelError) -> Int {
    var printed: Int?
    while let message = try group.receive(until: .after(nanoseconds: 30_000_000_000)) {
      if let reason = message.closeReason {
        guard let printed, reason == .graceful else { throw ChannelError(.closed, "not printed: \(reason.text)") }
        say("left: \(reason.text)")
        return printed
      }
      if message.isNotice { continue }
      switch message.opCode {
      case .helloResponse:
        let (formats, color) = (message.header("formats"), message.header("color"))
        say("the printer takes \(formats ?? "anything"); color: \(color ?? "unknown")")
        try post(title, pages)
      case .signal:
        if let progress = message.header("progress") { say("page \(progress) of \(pages.count) is printed") }
      case .response:
        printed = message.header("pages").flatMap { Int($0) } ?? 0
        say("\(title) is printed: \(printed ?? 0) pages")
        try group.sayBye(on: channel)
      default: continue
      }
    }
    throw ChannelError(.timedOut, "the printer is silent")
  }

  /// One request in several parts: the same operation and id, and `hasMore` on all but the last.
  private func post(_ title: String, _ pages: [String]) throws(ChannelError) {
    var id: UInt64 = 0
    for (number, page) in pages.enumerated() {
      var part = try engine.makeMessage(.request, channel: channel, id: id, body: page)
      if number == 0 { try part.appendHeader("title", title) }
      part.hasMore = number + 1 < pages.count
      id = try group.post(part).id
    }
  }
}
