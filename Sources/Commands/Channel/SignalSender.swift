internal import Channels
internal import CommandSupport
internal import Documents
internal import Platform

/// Sends signals on a thread of its own, and says bye behind the last: input may be slow, and a peer may be too, while somebody
/// has to look after the channel.
final class SignalSender: @unchecked Sendable {
  enum Source {
    case texts([String])
    case body(BodySource)
    /// Of standard input, as they come.
    case lines
  }

  enum Outcome {
    /// Everything was sent, and bye was said.
    case done
    /// The channel ended: its final notice says why.
    case channelEnded
    case failed(CommandError)
  }

  private let source: Source
  private let group: ChannelGroup
  private let address: ChannelAddress
  private let channel: UInt16
  private var poster: BodyPoster
  private let pump: InputPump?
  private let lock: Lock
  // Guarded by `lock`.
  private var ended: Outcome?

  private init(
    _ source: Source, _ headers: [Header], on link: Link, _ pump: InputPump?
  ) throws(SystemError) {
    self.source = source
    self.pump = pump
    group = link.group
    address = link.address
    channel = link.channel
    poster = BodyPoster(link.engine, link.group, channel: link.channel, opCode: .signal, headers)
    lock = try Lock()
  }

  /// Starts to send on the link's channel. The group gets an update when `outcome` is there.
  static func start(_ source: Source, _ headers: [Header], on link: Link) throws(CommandError) -> SignalSender {
    let sender: SignalSender
    do throws(SystemError) {
      var pump: InputPump?
      if case .lines = source { pump = try InputPump.start(File.standardInput()) }
      sender = try SignalSender(source, headers, on: link, pump)
    } catch {
      throw .failed(Failure(.internal, "failed to start sending", causes: [error.message]))
    }
    try Wakener.start("failed to start sending") { sender.run() }
    return sender
  }

  /// How it ended; nil while it goes on.
  var outcome: Outcome? {
    lock.lock()
    defer { lock.unlock() }
    return ended
  }

  private func run() {
    let outcome = sendAll()
    lock.lock()
    ended = outcome
    lock.unlock()
    try? group.update()
  }

  private func sendAll() -> Outcome {
    do throws(PostFault) {
      switch source {
      case .texts(let texts):
        for text in texts { _ = try poster.post(.text(text)) }
      case .body(let body): _ = try poster.post(body)
      case .lines: try sendLines()
      }
      do throws(ChannelError) { try group.sayBye(on: channel) } catch { throw PostFault.channel(error) }
      return .done
    } catch {
      if case .channel(let inner) = error, inner.kind == .closed { return .channelEnded }
      return .failed(error.commandError(address))
    }
  }

  // MARK: Lines

  private func sendLines() throws(PostFault) {
    guard let pump else { return }
    var line: [UInt8] = []
    while true {
      switch pump.next(waits: true) {
      case .chunk(let buffer, let count):
        try send(buffer, count, &line)
        pump.recycle(buffer)
      case .nothing: continue
      case .failed(let error): throw .command(BodyPoster.unreadable(nil, error))
      case .end, .stopped:
        // A last line without an end is a line too.
        if !line.isEmpty || isWithinLine { try post(line, hasMore: false) }
        return
      }
    }
  }

  /// Whether parts of the current line were sent.
  private var isWithinLine = false

  /// Sends the lines that end in a chunk, and of the last one what makes whole parts.
  private func send(_ buffer: [UInt8], _ count: Int, _ line: inout [UInt8]) throws(PostFault) {
    var start = 0
    while start < count {
      let end = buffer.withUnsafeBytes { bytes in
        ByteSearch.first(0x0A, in: UnsafeRawBufferPointer(rebasing: bytes[..<count]), from: start)
      }
      line += buffer[start..<(end ?? count)]
      // The byte that may be the CR of the line's end stays for later.
      while line.count > FrameHeader.partLimit {
        try post(Array(line[..<FrameHeader.partLimit]), hasMore: true)
        line.removeSubrange(..<FrameHeader.partLimit)
      }
      guard let end else { return }
      if line.last == 0x0D { line.removeLast() }
      try post(line, hasMore: false)
      line.removeAll(keepingCapacity: true)
      start = end + 1
    }
  }

  private func post(_ bytes: [UInt8], hasMore: Bool) throws(PostFault) {
    do throws(ChannelError) {
      try poster.post(part: bytes.span.bytes, hasMore: hasMore)
      isWithinLine = hasMore
    } catch {
      throw .channel(error)
    }
  }
}
