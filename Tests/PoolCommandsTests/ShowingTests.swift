import Arguments
import Documents
import JSON
import Platform
import Pools
import Support
import Testing

@testable import CommandSupport
@testable import PoolCommands

/// One command run in this process, with outputs that keep what is written.
struct Run {
  let status: ExitCode
  let output: String
  let errors: String

  init(_ words: [String], terminal: Bool = false) {
    let output = Output(keepingAsTerminal: terminal)
    let errors = Output(keepingAsTerminal: terminal)
    status = Program.run(Self.root, words, output: output, errors: errors)
    self.output = output.takeText()
    self.errors = errors.takeText()
  }

  private static let root: ProgramCommand = ProgramCommand("weir", "Pools").with {
    $0.globals = Globals.all
    $0.subcommands = PoolFamily.commands(remote: nil) + PoolFamily.commandsAboutTheProgram(root: { root })
  }
}

struct ShowingTests {
  @Test func errorsInTextHaveALineForEachThing() {
    let error = Failure(
      .corrupt, "bad\nthing", hint: "do this", path: "/a/b/p.plasmite", sequence: 3, offset: 12,
      causes: ["first", "second"])
    #expect(
      ErrorReport(error).text(isColored: false, directory: "/a") == """
        error: bad\\nthing
        hint: Do this.
        path: ./b/p.plasmite
        seq: 3
        offset: 12
        caused by: first

        """)
    #expect(
      ErrorReport(Failure(.io, "x", hint: "y?")).text(isColored: true, directory: nil)
        == "\u{1B}[31merror:\u{1B}[0m x\n\u{1B}[33mhint:\u{1B}[0m Y?\n")
  }

  @Test(arguments: [
    ("/a/b", "/a/b/c", "./c"), ("/a/b", "/a/bc", "/a/bc"), ("/", "/x", "./x"), ("/a", "/a", "/a"), ("/a", "b", "b"),
  ])
  func pathsBelowTheDirectoryAreShort(directory: String, path: String, shown: String) {
    #expect(ErrorReport.shortened(path, directory: directory) == shown)
  }

  @Test func reportsSortTheirMembers() {
    let report = Report.object([
      ("b", .list([.whole(1), .decimal(0.5), .bool(true), .null])), ("a", .text("x\"")), ("Z", .object([])),
      ("é", .list([])),
    ])
    func text(_ style: JSONStyle) -> String {
      report.line(style).output.withUnsafeBytes { String(decoding: $0, as: UTF8.self) }
    }
    #expect(text(.compact) == "{\"Z\":{},\"a\":\"x\\\"\",\"b\":[1,0.5,true,null],\"é\":[]}\n")
    #expect(
      text(.pretty) == """
        {
          "Z": {},
          "a": "x\\"",
          "b": [
            1,
            0.5,
            true,
            null
          ],
          "é": []
        }

        """)
  }

  @Test func dropsAreToldOnceASecond() throws {
    let directory = try TemporaryDirectory()
    let session = Session(
      try parse(["--dir", directory.path, "pool", "list"]), output: Output(keepingAsTerminal: false),
      errors: Output(keepingAsTerminal: false))
    var drops = DropNotices(PoolLabel(try PoolReference("p", in: session)), command: "follow")
    #expect(drops.take(now: 0) == nil)
    drops.add(5...9)
    #expect(drops.take(now: 1)?.message == "dropped 5 messages")
    drops.add(20...20)
    drops.add(30...32)
    #expect(drops.take(now: 999_999_999) == nil)
    #expect(drops.due == 1_000_000_001)
    let notice = drops.take(now: 1_000_000_001)
    #expect(notice?.message == "dropped 4 messages")
    #expect(notice?.text == "notice: dropped 4 messages (pool: p)\n")
    drops.add(40...40)
    #expect(drops.take(now: nil)?.message == "dropped 1 message")
    #expect(drops.take(now: nil) == nil)
  }

  @Test func onATerminalResultsAreProse() throws {
    let directory = try TemporaryDirectory()
    let dir = ["--dir", directory.path, "--color", "never"]
    #expect(
      Run(dir + ["pool", "list"], terminal: true).output
        == "No pools in \(directory.path).\nCreate one with `weir pool create NAME`.\n")
    #expect(
      Run(dir + ["pool", "create", "demo"], terminal: true).output
        == "Created demo (1M, 4096 index slots)\n  path: \(directory.file("demo.plasmite"))\n")
    #expect(
      Run(dir + ["pool", "create", "--size", "64K", "a", "b"], terminal: true).output
        == "Created 2 pools (64K each)\n  - a (a.plasmite)\n  - b (b.plasmite)\n")
    let fed = Run(dir + ["feed", "demo", "{\"n\":1}"], terminal: true)
    #expect(fed.output.hasPrefix("{\n  \"data\": {\n    \"n\": 1\n  },\n"))
    let info = Run(dir + ["pool", "info", "demo"], terminal: true).output
    #expect(
      info.hasPrefix(
        "demo\n  path:     \(directory.file("demo.plasmite"))\n  size:     1M\n  messages: 1 (seq 1 to 1)\n"))
    #expect(info.hasSuffix("  index:    4096 slots\n  ring:     956K, 0.05% used\n"))
    let list = Run(dir + ["pool", "list"], terminal: true).output
    #expect(list.hasPrefix("NAME  SIZE  MSGS  MODIFIED  PATH         \na     64K   0     1s ago    a.plasmite   \n"))
    #expect(
      Run(dir + ["doctor", "demo"], terminal: true).output
        == "demo: healthy\n  messages: 1\n  checked:  header, index, ring — 0 issues\n")
    #expect(Run(dir + ["doctor", "--all"], terminal: true).output.hasSuffix("All 3 pools healthy.\n"))
    #expect(Run(dir + ["pool", "delete", "a"], terminal: true).output == "Deleted a\n")
    let deleted = Run(dir + ["pool", "delete", "b", "c"], terminal: true)
    #expect(deleted.output == "✓ b\n✗ c — pool not found\n")
    #expect(deleted.status == .failure(.notFound))
    #expect(Run(["version"], terminal: true).output == "weir \(Version.number)\n")
    let missing = Run(dir + ["fetch", "nothing", "1"], terminal: true)
    #expect(missing.errors.hasPrefix("error: not found\nhint: Create it with `weir pool create nothing`."))
    #expect(missing.status == .failure(.notFound))
  }

  @Test func coloursFollowTheStream() throws {
    let directory = try TemporaryDirectory()
    let dir = ["--dir", directory.path]
    #expect(Run(dir + ["feed", "p", "{}", "--create"], terminal: true).output.contains("\u{1B}[36m\"data\"\u{1B}[0m"))
    #expect(!Run(dir + ["feed", "p", "{}"]).output.contains("\u{1B}"))
    #expect(!Run(dir + ["feed", "p", "{}", "--color", "always"]).output.contains("\u{1B}"))
    #expect(Run(dir + ["fetch", "p", "1", "--color", "always"]).output.contains("\u{1B}"))
    #expect(!Run(dir + ["fetch", "p", "1", "--color", "never"], terminal: true).output.contains("\u{1B}"))
    #expect(
      Run(dir + ["fetch", "p", "9"], terminal: true).errors.hasPrefix("\u{1B}[31merror:\u{1B}[0m message not found\n"))
    #expect(!Run(dir + ["fetch", "p", "9", "--color", "always"]).errors.contains("\u{1B}"))
    #expect(!Run(dir + ["fetch", "p", "9", "--format", "json"], terminal: true).errors.contains("\u{1B}"))
  }

  @Test func aTableOfPoolsTurnsPlainWhenOneIsBroken() throws {
    let directory = try TemporaryDirectory()
    let dir = ["--dir", directory.path]
    _ = Run(dir + ["pool", "create", "good"])
    try write(Array("no pool".utf8), to: directory.file("bad.plasmite"))
    let list = Run(dir + ["pool", "list"], terminal: true).output
    #expect(list.hasPrefix("NAME  STATUS  SIZE     OLDEST  NEWEST  MTIME"))
    #expect(list.contains("bad   ERR"))
    let doctor = Run(dir + ["doctor", "--all"], terminal: true)
    #expect(doctor.output.hasSuffix("1 of 2 pools unhealthy.\n"))
    #expect(doctor.status == .failure(.corrupt))
  }
}
