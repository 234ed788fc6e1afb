import Platform
import Reactor
import Support
import Testing

@Suite struct ResolverTests {
  private func resolve(_ host: String) throws -> Result<[SocketAddress], SystemError> {
    let loop = try EventLoop(try SystemNetwork())
    nonisolated(unsafe) var answer: Result<[SocketAddress], SystemError>?
    loop.network.resolve(host, port: 4711, on: loop) { answer = $0 }
    #expect(loop.borrow())
    loop.run(until: .after(nanoseconds: 60_000_000_000)) { answer != nil }
    loop.giveBack()
    return try #require(answer)
  }

  @Test(arguments: ["localhost", "127.0.0.1", "::1"])
  func namesAndLiteralsOfThisMachineAreFound(host: String) throws {
    let addresses = try resolve(host).get()
    #expect(!addresses.isEmpty)
    #expect(addresses.allSatisfy { $0.port == 4711 && ["127.0.0.1", "::1"].contains($0.text) })
  }

  @Test(arguments: ["", "-", "[::1]", "::g", "999.1.1.1", String(repeating: "x", count: 5000)])
  func nonsenseIsAnError(host: String) throws {
    guard case .failure(let error) = try resolve(host) else {
      Issue.record("found \(host)")
      return
    }
    #expect([.notFound, .timedOut, .invalid].contains(error.kind), "\(error.kind)")
  }

  @Test func manyNamesAtOnceAllGetAnAnswer() throws {
    let loop = try EventLoop(try SystemNetwork())
    try loop.startThread()
    let answers = Atomic32()
    for _ in 0..<200 { loop.network.resolve("localhost", port: 1, on: loop) { _ in answers.add() } }
    #expect(eventually { answers.value == 200 })
    loop.stopThread()
  }
}
