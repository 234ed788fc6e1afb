import Channels
import Peer
import Platform
import Promise

/// Any bytes from a peer, in reads of any size, to an engine that serves or calls: what is delivered are the frames that were
/// sent, in order, however they were cut and however few messages there are, and everything goes back to the pool.
///
///     input: | bits: side, messages in the pool | seed of the sizes of reads | what the peer sends |
enum FrameStreamTarget {
  /// What the application heard.
  struct Heard {
    var frames: [Frame] = []
    var reason = ""
  }

  struct Frame: Equatable {
    var opCode: OpCode
    var id: UInt64
    var hasMore: Bool
    var headers: [UInt8]
    var body: [UInt8]

    init(_ message: borrowing Message) {
      opCode = message.opCode
      id = message.id
      hasMore = message.hasMore
      headers = array(message.headerBytes)
      body = array(message.body)
    }

    init(_ header: FrameHeader, headers: ArraySlice<UInt8>, body: ArraySlice<UInt8>) {
      opCode = header.opCode
      id = header.id
      hasMore = header.hasMore
      self.headers = Array(headers)
      self.body = Array(body)
    }
  }

  static func run(_ input: [UInt8]) {
    guard input.count >= 2 else { return }
    let calls = input[0] & 1 != 0
    let stream = Array(input[2...])
    let cut = hear(stream, calls: calls, messages: 1 + Int(input[0] >> 1) % 8, seed: UInt64(input[1]) + 1)
    let whole = hear(stream, calls: calls, messages: 1000, seed: 0)
    promise(cut.frames == whole.frames, "it does not matter how a stream is cut")
    promise(ending(cut) == ending(whole), "a stream ends the same way however it is cut")
    compare(whole, with: stream)
  }

  /// A peer that said bye and is gone has ended in good order if our answer went out before; that is a matter of time.
  private static func ending(_ heard: Heard) -> String { heard.reason == "graceful" ? "peer_vanished" : heard.reason }

  // MARK: The engine

  private static func hear(_ stream: [UInt8], calls: Bool, messages: Int, seed: UInt64) -> Heard {
    var options = EngineOptions()
    options.hasThread = false
    options.seed = 1
    options.initialMessages = 1
    options.maximumMessages = messages
    options.heartbeat = HeartbeatOptions()
    let network = PeerNetwork(stream, seed: seed)
    do throws(ChannelError) {
      let engine = try Engine(options, network: network)
      let group = try engine.makeGroup()
      if calls {
        try group.connect(to: .tcp(host: "127.0.0.1", port: 1), with: engine.makeMessage(.helloRequest, id: 7))
      } else {
        try group.listen(at: .tcp(host: "127.0.0.1", port: 0))
      }
      let heard = try hear(group, network, until: calls)
      promise(engine.channelCount == (calls ? 0 : 1), "the channel of a peer that is gone is gone")
      engine.shutDown()
      promise(engine.messagesOutside == 0, "every message goes back to its pool")
      return heard
    } catch {
      promise(false, "an engine in memory does what it is asked")
      return Heard()
    }
  }

  private static func hear(_ group: ChannelGroup, _ network: PeerNetwork, until calls: Bool) throws(ChannelError)
    -> Heard
  {
    var heard = Heard()
    var idle = 0
    // The peer's end is read at the latest after all its bytes, one at a time.
    while true {
      promise(idle < 20_000, "an engine comes to an end with its peer")
      let isLast = network.isClosed
      guard let message = try group.receive(until: .now) else {
        if isLast { break }
        idle += 1
        continue
      }
      if message.isNotice {
        if message.status == .channelClosed, message.opCode == .signal {
          heard.reason = reason(message)
        }
        continue
      }
      promise(heard.reason.isEmpty, "nothing comes after a final notice")
      promise(message.origin == .application, "a peer is not our own engine")
      heard.frames.append(Frame(message))
      if message.opCode.role == .request {
        // The peer may be gone by now.
        do throws(ChannelError) { try group.reply(message, whenFull: .refuse) } catch {}
      }
    }
    return heard
  }

  private static func reason(_ notice: borrowing Message) -> String {
    guard let reason = notice.headers.first(named: "~reason") else { return "" }
    return String(decoding: array(reason), as: UTF8.self)
  }

  private static func array(_ bytes: RawSpan) -> [UInt8] { bytes.withUnsafeBytes { Array($0) } }

  // MARK: The stream

  /// What was heard are the first frames of the stream, but for heartbeats; all of them, if the peer kept the rules.
  private static func compare(_ heard: Heard, with stream: [UInt8]) {
    var position = 0
    var left = heard.frames[...]
    while let frame = frame(stream, &position) {
      if isHeartbeat(frame), left.first != frame { continue }
      guard let first = left.first else {
        promise(
          !["peer_vanished", "graceful", ""].contains(heard.reason) || isUnheard(heard), "whole frames are delivered")
        return
      }
      promise(first == frame, "frames are delivered as they were sent")
      left = left.dropFirst()
    }
    promise(left.isEmpty, "nothing is delivered that was not sent")
  }

  /// Nobody hears of a peer that never said hello.
  private static func isUnheard(_ heard: Heard) -> Bool { heard.frames.isEmpty && heard.reason.isEmpty }

  private static func isHeartbeat(_ frame: Frame) -> Bool {
    guard frame.opCode == .signal, frame.body.isEmpty else { return false }
    let text = String(decoding: frame.headers, as: UTF8.self)
    return text.utf8.count == 17 && text.utf8.starts(with: "~heartbeat:p".utf8)
  }

  private static func frame(_ stream: [UInt8], _ position: inout Int) -> Frame? {
    guard stream.count - position >= FrameHeader.byteCount else { return nil }
    let head = Array(stream[position..<(position + FrameHeader.byteCount)])
    guard let header = header(head), stream.count - position >= header.frameBytes else { return nil }
    let headersStart = position + FrameHeader.byteCount
    let bodyStart = headersStart + Int(header.headersLength)
    position += header.frameBytes
    return Frame(header, headers: stream[headersStart..<bodyStart], body: stream[bodyStart..<position])
  }

  private static func header(_ bytes: [UInt8]) -> FrameHeader? {
    do throws(FrameViolation) { return try FrameHeader(wire: bytes.span.bytes) } catch { return nil }
  }
}

/// What libFuzzer calls with one input after the other.
@_cdecl("LLVMFuzzerTestOneInput")
public func testOneInput(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
  FrameStreamTarget.run(Array(UnsafeRawBufferPointer(start: start, count: count)))
  return 0
}
