import Channels
import Platform

/// Prints jobs that come in parts, one part a page, and says how far it is.
struct Server {
  static let formats = ["text/plain", "text/markdown"]

  /// A job of which pages have come. Peers choose their ids, so a channel belongs to what a job is called.
  struct Job {
    let channel: UInt16
    let id: UInt64
    let title: String
    var pages = 0
  }

  let engine: Engine
  let group: ChannelGroup
  private var jobs: [Job] = []
  private var printed = 0

  init() throws(ChannelError) {
    engine = try Engine()
    group = try engine.makeGroup()
  }

  /// Serves until so many jobs were printed and everybody has left.
  mutating func run(at address: ChannelAddress, jobs wanted: Int) throws(ChannelError) {
    let listener = try group.listen(at: address).channel
    var clients = 0
    while printed < wanted || clients > 0, let message = try group.receive() {
      if let address = message.boundAddress { say("ready at \(address.text)") }
      if let reason = message.closeReason {
        if message.channel == listener { throw ChannelError(.failed, "cannot listen: \(reason.text)") }
        abandonJobs(of: message.channel)
        clients -= 1
      } else if !message.isNotice {
        if message.opCode == .helloRequest { clients += 1 }
        // One client's misfortune is not the server's: its channel ends, and that is told in the mailbox.
        do throws(ChannelError) { try take(message) } catch { say("not answered: \(error.message)") }
      }
    }
    engine.shutDown(drainingUntil: .after(nanoseconds: 5_000_000_000))
  }

  private mutating func take(_ message: consuming Message) throws(ChannelError) {
    switch message.opCode {
    case .helloRequest: try greet(message)
    case .request: try printPage(message)
    case .byeRequest: try group.reply(message)
    default: break
    }
  }

  /// The hello says what the client has, the answer what the server can do. Without common ground the server closes.
  private func greet(_ hello: consuming Message) throws(ChannelError) {
    guard let format = hello.header("format"), Self.formats.contains(format) else {
      say("refused a client with \(hello.header("format") ?? "no format")")
      try group.closeAtOnce(hello.channel)
      return
    }
    hello.removeHeaders()
    try hello.appendHeader("formats", Self.formats.joined(separator: ", "))
    try hello.appendHeader("color", "no")
    try group.reply(hello)
  }

  private mutating func printPage(_ part: consuming Message) throws(ChannelError) {
    let (channel, id) = (part.channel, part.id)
    let index = jobs.firstIndex { $0.channel == channel && $0.id == id } ?? jobs.count
    // Only the first part has the title.
    if index == jobs.count { jobs.append(Job(channel: channel, id: id, title: part.header("title") ?? "untitled")) }
    jobs[index].pages += 1
    let job = jobs[index]
    say("\(job.title), page \(job.pages): \(part.body.byteCount) bytes")
    if part.hasMore {
      // The same id ties the signal to the job. Whoever does not care ignores it.
      var signal = engine.makeMessage(.signal, channel: channel, id: id)
      try signal.appendHeader("progress", "\(job.pages)")
      try group.post(signal)
    } else {
      jobs.remove(at: index)
      printed += 1
      // A reply has channel and id of what it answers; headers and body are those it has now.
      part.removeHeaders()
      part.removeBody()
      try part.appendHeader("pages", "\(job.pages)")
      try group.reply(part)
    }
  }

  private mutating func abandonJobs(of channel: UInt16) {
    for job in jobs where job.channel == channel { say("\(job.title) was abandoned after page \(job.pages)") }
    jobs.removeAll { $0.channel == channel }
  }
}
