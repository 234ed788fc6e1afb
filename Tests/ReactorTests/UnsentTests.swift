import Platform
import Reactor
import SimulatedNetwork
import Support
import Testing

@Suite struct UnsentTests {
  /// Buffers that are lent, with tokens that count up from 1.
  private final class Buffers {
    var buffers: [UnsafeMutableRawBufferPointer] = []
    func lend(_ bytes: [UInt8]) throws -> (bytes: UnsafeMutableRawBufferPointer, token: UnsafeMutableRawPointer) {
      let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: bytes.count, alignment: 1)
      buffer.copyBytes(from: bytes)
      buffers.append(buffer)
      return (buffer, try #require(UnsafeMutableRawPointer(bitPattern: buffers.count)))
    }
    deinit { for buffer in buffers { buffer.deallocate() } }
  }

  @Test(arguments: 1...60 as ClosedRange<UInt64>)
  func whatWasNotSentIsGivenBackInOrder(seed: UInt64) throws {
    var conditions = Conditions()
    conditions.bufferBytes = 30_000
    let lab = try Lab(seed: seed, conditions)
    lab.limit = 1 << 30
    let lender = Lender()
    let buffers = Buffers()
    let (client, server) = try lab.pair(owner: lender)
    var random = SplitMix(seed: seed)
    var all: [UInt8] = []
    for _ in 0..<Int(random.next() % 100) {
      let bytes = noise(random.next(), bytes: Int(random.next() % 40_000))
      all += bytes
      if random.next() % 2 == 0 {
        client.write(bytes)
      } else {
        let (buffer, token) = try buffers.lend(bytes)
        #expect(client.send(owned: buffer, token: token) == .taken)
      }
      if random.next() % 4 == 0 { lab.world.pass(Int64(random.next() % 3_000_000)) }
    }
    // Whatever the system took is sent, in spite of the close.
    client.close()
    #expect(lab.world.run { server.end != nil })
    #expect(server.got + client.unsent == all)
    #expect((lender.tokens + client.unsentTokens).sorted() == Array(1..<(buffers.buffers.count + 1)))
    #expect(client.unsentTokens == client.unsentTokens.sorted())
    #expect(lender.tokens == lender.tokens.sorted())
  }

  @Test func buffersOfAStreamThatNobodyAskedGoBackToTheirOwner() throws {
    let lab = try Lab(seed: 1)
    let lender = Lender()
    let buffers = Buffers()
    do {
      let stream = try Reactor.Stream(lab.clientLoop, lab.chunks, owner: lender, limit: 1 << 20)
      for _ in 0..<3 {
        let (buffer, token) = try buffers.lend(noise(1, bytes: 100))
        #expect(stream.send(owned: buffer, token: token) == .taken)
      }
      let (empty, token) = try buffers.lend([])
      #expect(stream.send(owned: empty, token: token) == .taken)
      #expect(lender.tokens == [4])
    }
    #expect(lender.tokens.sorted() == [1, 2, 3, 4])
  }

  @Test func aRefusedBufferStaysWithTheSender() throws {
    let lab = try Lab(seed: 1)
    lab.limit = 100
    let lender = Lender()
    let buffers = Buffers()
    let probe = try Probe(lab.clientLoop, lab.chunks, owner: lender, limit: 100)
    let (first, second) = (try buffers.lend(noise(1, bytes: 300)), try buffers.lend(noise(2, bytes: 1)))
    #expect(probe.send(owned: first.bytes, token: first.token) == .taken)
    #expect(probe.send(owned: second.bytes, token: second.token) == .full)
    probe.close()
    #expect(probe.send(owned: second.bytes, token: second.token) == .closed)
    #expect(lender.tokens.isEmpty)
    #expect(probe.unsentTokens == [1])
  }
}
