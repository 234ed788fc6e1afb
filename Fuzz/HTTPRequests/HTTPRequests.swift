import HTTP
import Peer
import Platform
import Promise
import Reactor

/// Any bytes from a client, in reads of any size, to a server of HTTP/1 and HTTP/2: every request is told of once, and so is its
/// end; the connection comes to an end, and nothing is left of it. What HTTP/1 means does not depend on how it is cut.
///
///     input: | bits: which protocol, how it is answered, how time goes | seed of the sizes of reads | what the client sends |
enum HTTPRequestsTarget {
  private static let preface =
    Array("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".utf8) + [0, 0, 0, 4, 0, 0, 0, 0, 0] + [0, 0, 0, 4, 1, 0, 0, 0, 0]

  static func run(_ input: [UInt8]) {
    guard input.count >= 2 else { return }
    let isHTTP2 = input[0] & 1 != 0
    let way: ClientHandler.Way = input[0] & 2 == 0 ? .atOnce : input[0] & 4 == 0 ? .later : .inPieces
    let tick: Int64 = input[0] & 8 == 0 ? 1 : 20_000_000
    let stream = (isHTTP2 ? preface : []) + input[2...]
    let cut = serve(stream, seed: UInt64(input[1]) + 1, tick, way)
    guard way == .atOnce, tick == 1, !isHTTP2, !stream.starts(with: preface.prefix(24)) else { return }
    let whole = serve(stream, seed: 0, tick, way)
    promise(cut.asked == whole.asked, "it does not matter how requests are cut")
    // Which of two faults is met first may depend on it.
    promise(cut.problems.count == whole.problems.count, "it does not matter how what is no request is cut")
  }

  private static func serve(_ stream: [UInt8], seed: UInt64, _ tick: Int64, _ way: ClientHandler.Way) -> ClientHandler {
    let handler = ClientHandler(way)
    var limits = HTTPLimits()
    (limits.headBytes, limits.headFields, limits.bodyBytes) = (600, 12, 500)
    (limits.waitingBytes, limits.pipelinedBytes, limits.concurrentStreams) = (2000, 300, 8)
    // Whoever has nothing to do waits: some ends of connections come with time.
    let network = PeerNetwork(stream, seed: seed, tick: tick, idleTick: 250_000_000)
    do throws(SystemError) {
      let loop = try EventLoop(network)
      let server = try HTTPServer(loop, handler, limits: limits)
      promise(loop.borrow(), "a loop without a thread is free")
      _ = try server.listen(.literal("127.0.0.1", port: 0))
      var turns = 0
      while !network.isClosed {
        loop.run(until: .now, unless: { false })
        turns += 1
        promise(turns < 100_000, "a connection comes to an end with its client")
        handler.answerOne()
      }
      while handler.answerOne() { loop.run(until: .now, unless: { false }) }
      promise(server.connectionCount == 0, "nothing is left of a connection that is over")
      server.drain(within: 0) {}
      loop.giveBack()
      loop.stopThread()
    } catch {
      promise(false, "a server in memory does what it is asked")
    }
    promise(handler.begun == handler.told, "every request is told of once, and so is its end")
    promise(handler.watched == handler.ended, "every observer hears of the end once")
    return handler
  }
}

/// What libFuzzer calls with one input after the other.
@_cdecl("LLVMFuzzerTestOneInput")
public func testOneInput(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
  HTTPRequestsTarget.run(Array(UnsafeRawBufferPointer(start: start, count: count)))
  return 0
}
