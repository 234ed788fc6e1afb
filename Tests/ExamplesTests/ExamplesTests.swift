import Platform
import Support
import Testing

/// The recipes do what they say, as processes of their own.
@Suite struct ExamplesTests {
  static let anywhere = "tcp://127.0.0.1:0"

  @Test func echoSendsBackWhatCame() throws {
    let server = try Example("Echo", ["server", Self.anywhere, "2"])
    let address = try server.address()
    for words in [["one", "two", "three"], ["grüße"]] {
      let client = try Example("Echo", ["client", address] + words).finish()
      try #require(client.end == .exited(0), "\(client.lines)")
      #expect(client.lines.starts(with: words.map { "echo: \($0)" }))
    }
    #expect(try server.finish().end == .exited(0))
  }

  @Test func echoWithoutAServerFails() throws {
    let folder = try TemporaryDirectory()
    let client = try Example("Echo", ["client", "unix:" + folder.file("nobody"), "word"]).finish()
    #expect(client.end == .exited(1))
    #expect(client.lines == ["0 of 1 words came back; no socket at this path"])
  }

  @Test(arguments: [
    ("Echo", []), ("Echo", ["server"]), ("FileTransfer", ["send"]), ("PrintServer", ["print"]), ("FanOut", ["what"]),
  ])
  func wrongArgumentsAreRefused(name: String, arguments: [String]) throws {
    let program = try Example(name, arguments).finish()
    #expect(program.end == .exited(2))
    #expect(program.lines.first?.starts(with: "usage: ") == true)
  }

  @Test func answersFindTheirQuestions() throws {
    let program = try Example("Correlation").finish()
    #expect(program.end == .exited(0))
    #expect(program.lines.sorted() == (["5 requests are on their way"] + Self.sums).sorted())
    #expect(Array(program.lines.dropFirst()) == Self.sums.reversed())
  }

  private static let sums = ["2+3 = 5", "10+20 = 30", "400+1 = 401", "7+7 = 14", "1+1 = 2"]

  @Test(arguments: [0, 1, 65_535, 65_536, 131_070, 3_000_000])
  func filesArriveWhole(size: Int) throws {
    let folder = try TemporaryDirectory()
    try write(payload(7, bytes: size), to: folder.file("file"))
    let receiver = try Example("FileTransfer", ["receive", Self.anywhere, folder.file("copy")])
    let sender = try Example("FileTransfer", ["send", try receiver.address(), folder.file("file")]).finish()
    try #require(sender.end == .exited(0), "\(sender.lines)")
    #expect(sender.lines.count == 1)
    #expect(try receiver.finish().end == .exited(0))
    #expect(try contents(folder.file("copy")) == contents(folder.file("file")))
  }

  @Test func filesWithoutAReceiverStay() throws {
    let folder = try TemporaryDirectory()
    try write([1, 2, 3], to: folder.file("file"))
    let sender = try Example("FileTransfer", ["send", "unix:" + folder.file("nobody"), folder.file("file")]).finish()
    #expect(sender.end == .exited(1))
    #expect(sender.lines == ["error: not accepted: no socket at this path"])
  }

  @Test func jobsArePrintedPageByPage() throws {
    let server = try Example("PrintServer", ["serve", Self.anywhere, "1"])
    let address = try server.address()
    let refused = try Example("PrintServer", ["print", address, "image/png", "photo", "page"]).finish()
    #expect(refused.end == .exited(1))
    let client = try Example("PrintServer", ["print", address, "text/plain", "report", "a", "bb", "ccc"]).finish()
    try #require(client.end == .exited(0), "\(client.lines)")
    #expect(
      client.lines == [
        "the printer takes text/plain, text/markdown; color: no", "page 1 of 3 is printed", "page 2 of 3 is printed",
        "report is printed: 3 pages", "left: both sides agreed to close",
      ])
    let end = try server.finish()
    #expect(end.end == .exited(0))
    #expect(
      end.lines == [
        "refused a client with image/png", "report, page 1: 1 bytes", "report, page 2: 2 bytes",
        "report, page 3: 3 bytes",
      ])
  }

  @Test(arguments: ["skip", "close"])
  func slowSubscribersDelayNobody(policy: String) throws {
    let program = try Example("FanOut", [policy]).finish()
    #expect(program.end == .exited(0), "\(program.lines)")
  }

  @Test func theReadmeShowsAProgramThatRuns() throws {
    let program = try Example("Readme").finish()
    #expect(program.end == .exited(0))
    #expect(program.lines == ["A peer."])
    let root = #filePath.split(separator: "/").dropLast(3).map { "/" + $0 }.joined()
    let code = String(decoding: try contents(root + "/Examples/Readme/main.swift"), as: UTF8.self)
    let readme = String(decoding: try contents(root + "/README.md"), as: UTF8.self)
    #expect(readme.contains("```swift\n\(code)```\n"))
  }
}
