import Arguments
import Channels
import CommandSupport
import Platform
import Pools
import Support
import Testing

@testable import ChannelCommands

struct OptionTests {
  @Test(
    arguments: [
      ("a:b", "a", "b"), ("a: b", "a", "b"), ("a:b:c", "a", "b:c"), ("Ä:ö", "Ä", "ö"), ("a:  b ", "a", "b "),
    ])
  func headers(text: String, name: String, value: String) throws {
    let header = try Header(text, for: SendCommand.header)
    #expect(header.name == name)
    #expect(header.value == value)
  }

  @Test(arguments: ["", "a", ":b", "a:", "a: ", "~a:b", "a\nb:c", "a:b\r\nc:d"])
  func refusedHeaders(text: String) {
    #expect(failure { () throws(CommandError) in _ = try Header(text, for: SendCommand.header) }?.kind == .usage)
  }

  private func listen(_ words: [String]) throws -> ListenOptions {
    let invocation = try parse(["listen"] + words)
    return try ListenOptions(invocation, session(invocation).0, nil)
  }

  @Test func whatListenWasAsked() throws {
    let options = try listen([
      "tcp://127.0.0.1:0", "--count", "3", "--timeout", "2s", "--echo", "--accept", "k:v", "--hello", "me:you", "-q",
    ])
    #expect(options.address == .tcp(host: "127.0.0.1", port: 0))
    #expect(options.limit == 3)
    #expect(options.timeout == 2_000_000_000)
    #expect(options.isQuiet)
    #expect(options.accepted.map { $0.name } == ["k"])
    #expect(options.hello.map { $0.value } == ["you"])
    guard case .echo = options.answer else {
      Issue.record("no echo")
      return
    }
    #expect(try listen(["unix:/a", "--one"]).limit == 1)
    #expect(try listen(["unix:/a"]).limit == nil)
    guard case .text("x") = try listen(["unix:/a", "--reply", "x"]).answer else {
      Issue.record("no reply")
      return
    }
  }

  @Test func withoutTLSSuchAddressesAreRefused() throws {
    let invocation = try parse(["listen", "tls://*:7099", "--tls-cert", "a", "--tls-key", "b"])
    let (session, _) = session(invocation)
    let refused = failure { () throws(CommandError) in _ = try ListenOptions(invocation, session, nil) }
    #expect(refused?.message == "this build has no TLS")
    #expect(refused?.address == "tls://*:7099")
    #expect(refused?.kind == .usage)
  }

  @Test(arguments: [
    (["--count", "0"], "--count is out of range"), (["--connections", "1001"], "--connections is out of range"),
    (["--outstanding", "x"], "invalid value 'x' for '--outstanding <N>'"), (["--size", "64K"], "--size is too large"),
  ])
  func refusedLoads(words: [String], message: String) throws {
    let invocation = try parse(["bench", "--self"] + words)
    #expect(failure { () throws(CommandError) in _ = try BenchLoad(invocation) }?.message == message)
  }

  @Test func percentilesAreOfTheList() {
    let result = Bench.Result(nanoseconds: 1, latencies: Array(1...100))
    #expect(result.percentile(50) == 51)
    #expect(result.percentile(99) == 100)
    #expect(Bench.Result(nanoseconds: 1, latencies: [5]).percentile(99) == 5)
  }

  @Test func whereAMirrorBegins() throws {
    let directory = try TemporaryDirectory()
    let pool = try Pool.create(at: directory.file("p.plasmite"), size: 64 << 10)
    let document: [UInt8] = Array(repeating: 0, count: 64)
    for _ in 0..<5 { _ = try pool.append(document.span.bytes, time: 1) }
    func options(_ words: [String]) throws -> MirrorOptions? {
      let invocation = try parse(["--dir", directory.path, "send", "unix:/x"] + words)
      return try MirrorOptions(invocation, session(invocation).0)
    }
    let without = try options([])
    #expect(without.map { _ in true } == nil)
    guard case .oldest = try options(["--from", "p"])?.start else {
      Issue.record("not at the oldest")
      return
    }
    let resume = directory.file("resume")
    guard case .sequence(4) = try options(["--from", "p", "--from-seq", "4", "--resume-file", resume])?.start else {
      Issue.record("not at 4")
      return
    }
    try SmallFile.write("2", to: resume)
    #expect(try SmallFile.read(resume, limit: 10) == "2")
    guard case .sequence(3) = try options(["--from", "p", "--from-seq", "4", "--resume-file", resume])?.start else {
      Issue.record("not behind the delivered")
      return
    }
    for (text, message) in [
      ("6", "the resume file is ahead of the pool"), ("-1", "the resume file does not hold a number"),
      ("", "the resume file does not hold a number"),
      ("99999999999999999999", "the resume file does not hold a number"),
    ] {
      try SmallFile.write(text, to: resume)
      let invocation = try parse([
        "--dir", directory.path, "send", "unix:/x", "--from", "p", "--resume-file", resume,
      ])
      let (session, _) = session(invocation)
      #expect(failure { () throws(CommandError) in _ = try MirrorOptions(invocation, session) }?.message == message)
    }
  }
}
