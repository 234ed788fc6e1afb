import Channels
import Platform

/// A file of any size, sent in parts, and compared at the end.
///
///     FileTransfer receive tcp://*:7099 COPY            waits for one file and writes it to COPY
///     FileTransfer send tcp://localhost:7099 FILE
///
/// Ends with 0 when the copy is the same as the file, else with 1; with 2 for wrong arguments.
@main enum FileTransfer {
  /// What one message carries at most: a frame's body has 16 bits for its length.
  static let partBytes = 65_535
  static let patience: Int64 = 30_000_000_000

  static func main() {
    let arguments = Process.arguments
    do {
      switch arguments.first {
      case "receive" where arguments.count == 3:
        Process.exit(try receive(at: ChannelAddress(arguments[1], for: .listening), into: arguments[2]) ? 0 : 1)
      case "send" where arguments.count == 3:
        Process.exit(try send(arguments[2], to: ChannelAddress(arguments[1], for: .connecting)) ? 0 : 1)
      default:
        say("usage: FileTransfer receive ADDRESS COPY | FileTransfer send ADDRESS FILE")
        Process.exit(2)
      }
    } catch let error as ChannelError {
      say("error: \(error.message)")
    } catch {
      say("error: \(error)")
    }
    Process.exit(1)
  }

  // MARK: Sending

  static func send(_ path: String, to address: ChannelAddress) throws -> Bool {
    let file = try File(path, .read)
    let size = try file.info().size
    let engine = try Engine()
    let group = try engine.makeGroup()
    let channel = try group.connect(to: address).channel
    try awaitWelcome(group)
    var (sum, sent, id) = (Checksum(), UInt64(0), UInt64(0))
    var buffer = [UInt8](repeating: 0, count: partBytes)
    var progress = Progress(total: size)
    repeat {
      let count = try buffer.withUnsafeMutableBytes { try file.read(into: $0) }
      // All parts have the same operation and id; all but the last say that more follow.
      var part = engine.makeMessage(.request, channel: channel, id: id)
      if id == 0 { try part.appendHeader("size", "\(size)") }
      sum.add(buffer[..<count])
      sent += UInt64(count)
      part.hasMore = count > 0 && sent < size
      if !part.hasMore { try part.appendHeader("checksum", sum.text) }
      try part.appendBody(buffer.span.extracting(..<count).bytes)
      let isLast = !part.hasMore
      // Waits when the receiver does not keep up: no more than the send queue is ever in memory.
      id = try group.post(part, whenFull: .wait(until: .after(nanoseconds: patience))).id
      progress.show(sent)
      if isLast { break }
    } while true
    while let message = try group.receive(until: .after(nanoseconds: patience)) {
      if let reason = message.closeReason { throw ChannelError(.closed, "no receipt: \(reason.text)") }
      guard !message.isNotice, message.opCode == .response, message.id == id else { continue }
      let isSame = message.header("checksum") == sum.text
      say("sent \(sent) bytes, checksum \(sum.text): \(isSame ? "the copy is the same" : "the copy differs")")
      try group.sayBye(on: channel)
      while let last = try group.receive(until: .after(nanoseconds: patience)), last.closeReason == nil {}
      return isSame
    }
    throw ChannelError(.timedOut, "no receipt in time")
  }

  /// Waits until the receiver says that it takes a file: there is no point in sending it a large one before.
  static func awaitWelcome(_ group: ChannelGroup) throws(ChannelError) {
    while let message = try group.receive(until: .after(nanoseconds: patience)) {
      if let reason = message.closeReason { throw ChannelError(.closed, "not accepted: \(reason.text)") }
      if !message.isNotice, message.opCode == .helloResponse { return }
    }
    throw ChannelError(.timedOut, "not accepted in time")
  }

  // MARK: Receiving

  static func receive(at address: ChannelAddress, into path: String) throws -> Bool {
    let engine = try Engine()
    let group = try engine.makeGroup()
    let listener = try group.listen(at: address).channel
    let copy = try File(path, [.write, .create, .truncate])
    var (sender, isSame, received, sum) = (UInt16(0), false, UInt64(0), Checksum())
    var progress = Progress(total: 0)
    while var message = try group.receive() {
      let channel = message.channel
      if let address = message.boundAddress { say("listening at \(address.text)") }
      if let reason = message.closeReason, channel == listener || channel == sender {
        if !isSame { say("no whole file: \(reason.text)") }
        return isSame
      }
      if message.isNotice { continue }
      let opCode = message.opCode
      switch opCode {
      case .helloRequest where sender != 0:
        try group.closeAtOnce(channel)  // one file, one sender
      case .helloRequest:
        sender = channel
        try group.reply(message)
      case .request where channel == sender:
        if let size = message.header("size").flatMap({ UInt64($0) }) { progress.total = size }
        let bytes = message.bodyBytes
        try copy.write(bytes)
        sum.add(bytes[...])
        received += UInt64(bytes.count)
        progress.show(received)
        if message.hasMore { continue }
        isSame = message.header("checksum") == sum.text
        say("received \(received) bytes, checksum \(sum.text)\(isSame ? "" : ", which is not the sender's")")
        // The answer is the last part with other headers and no body.
        message.removeHeaders()
        message.removeBody()
        try message.appendHeader("checksum", sum.text)
        try group.reply(message)
      case .byeRequest: try group.reply(message)
      default: continue
      }
    }
    return false
  }

  static func say(_ line: String) { try? File.standardOutput().write(Array((line + "\n").utf8)) }
}

/// 64-bit FNV-1a: enough to notice an accident, no protection against intent.
struct Checksum {
  private var state: UInt64 = 0xcbf2_9ce4_8422_2325

  mutating func add(_ bytes: ArraySlice<UInt8>) {
    for byte in bytes { state = (state ^ UInt64(byte)) &* 0x100_0000_01b3 }
  }

  var text: String { String(state, radix: 16) }
}

/// One line that is written over and over, for people only.
struct Progress {
  var total: UInt64
  private let isSeen = File.standardError().isTerminal()
  private var shown: UInt64 = 0

  init(total: UInt64) { self.total = total }

  mutating func show(_ done: UInt64) {
    let percent = total == 0 ? 100 : done * 100 / total
    guard isSeen, percent != shown else { return }
    shown = percent
    try? File.standardError().write(Array("\r\(percent) %\(done >= total ? "\n" : "")".utf8))
  }
}
