import Arguments
import Documents
import Platform
import Pools
import Testing

@testable import CommandSupport
@testable import PoolCommands

/// The command line of a test, run on a tree of the real commands.
func parse(_ words: [String]) throws -> Invocation {
  let root = ProgramCommand("weir", "").with {
    $0.globals = Globals.all
    $0.subcommands = PoolFamily.commands(remote: nil)
  }
  guard case .run(_, let invocation) = try root.parse(words) else {
    throw ValueError("not a command to run", hint: "")
  }
  return invocation
}

private func message(_ body: () throws(CommandError) -> Void) -> String? {
  do throws(CommandError) {
    try body()
    return nil
  } catch {
    guard case .failed(let error) = error else { return "closed" }
    #expect(error.kind == .usage)
    #expect(error.hint?.isEmpty == false)
    return error.message
  }
}

struct OptionTests {
  private static let now: UInt64 = 1_000_000_000_000_000_000

  @Test(
    arguments: [
      ("1970-01-01T00:00:01Z", 1_000_000_000), ("1970-01-01T01:00:00.5+01:00", 500_000_000),
      ("1960-01-01T00:00:00Z", 0),
      ("9999-01-01T00:00:00Z", .max), ("1s", now - 1_000_000_000), ("2M", now - 120_000_000_000), ("999999h", 0),
      ("5S", now - 5_000_000_000), ("2H", now - 7_200_000_000_000), ("1d", now - 86_400_000_000_000),
    ] as [(String, UInt64)])
  func since(text: String, time: UInt64) throws {
    #expect(try Since.parse(text, now: Self.now) == time)
  }

  @Test(arguments: [
    "", "5", "5ms", "yesterday", "2026-01-01", "2026-01-01T00:00:00", "-5m", "5 m", "d", "999999999999d",
  ])
  func refusedSince(text: String) {
    #expect(message { () throws(CommandError) in _ = try Since.parse(text, now: 0) } == "invalid --since value")
  }

  @Test(
    arguments: [
      ([], .none, false), (["--tail", "5"], .newest(5), false), (["--tail", "0"], .none, false),
      (["--no-follow"], .all, true), (["--no-follow", "-n0"], .newest(0), true),
      (["--since", "1970-01-01T00:00:00Z"], .since(0), false),
      (["--replay", "2", "-n", "3"], .newest(3), true), (["--replay", "0", "--no-follow"], .all, true),
    ] as [([String], FollowOptions.Selection, Bool)])
  func selections(words: [String], selection: FollowOptions.Selection, isFinite: Bool) throws {
    let options = try FollowOptions(parse(["follow", "p"] + words), now: Self.now)
    #expect(options.selection == selection)
    #expect(options.isFinite == isFinite)
  }

  @Test(arguments: [
    (["--where", "."], "--where is not supported yet"), (["--replay", "1"], "--replay requires --tail or --since"),
    (["--replay", "1", "--tail", "0"], "--replay requires --tail or --since"),
    (["--replay", "x", "-n1"], "--replay speed must be a finite number"),
    (["--replay", "inf", "-n1"], "--replay speed must be a finite number"),
    (["--replay=-0.5", "-n1"], "--replay speed must be non-negative"), (["--timeout", "5"], "invalid duration"),
    (["--tail", "x"], "invalid value 'x' for '--tail <TAIL>'"),
  ])
  func refusedFollow(words: [String], text: String) throws {
    let invocation = try parse(["follow", "p"] + words)
    #expect(message { () throws(CommandError) in _ = try FollowOptions(invocation, now: 0) } == text)
  }

  @Test(arguments: [
    (["{}", "--file", "x"], "multiple data inputs provided"), (["--durability", "sync"], "invalid durability"),
    (["--retry-delay", "5s"], "--retry-delay requires --retry"),
    (["--retry", "0", "--retry-delay", "5s"], "--retry-delay requires --retry"),
    (["--create-size", "1X"], "invalid size suffix"),
    (["--retry", "1", "--retry-delay", "5"], "invalid duration"),
    (["-i", "yaml"], "the input format yaml is not supported yet"),
  ])
  func refusedFeed(words: [String], text: String) throws {
    let invocation = try parse(["feed", "p"] + words)
    #expect(message { () throws(CommandError) in _ = try FeedOptions(invocation) } == text)
  }

  @Test func feedKnowsOlderSpellings() throws {
    let options = try FeedOptions(parse(["feed", "p", "--in", "jsonl", "--errors", "skip", "--jsonl"]))
    #expect(options.format == .jsonLines)
    #expect(options.skipsErrors)
    #expect(options.createSize == nil)
    #expect(try FeedOptions(parse(["feed", "p", "--create"])).createSize == PoolLimits.defaultFileSize)
    #expect(try FeedOptions(parse(["feed", "p", "--create-size", "64K"])).createSize == 65_536)
  }

  @Test(arguments: [
    ("p", false), ("http://h/p", true), ("https://h:1/p", true), ("ftp://x", true), ("://x", false), ("a:b", false),
    ("C:/x", false), ("a//b", false),
  ])
  func remoteReferences(text: String, isRemote: Bool) {
    #expect(PoolReference.isRemote(text) == isRemote)
  }

  @Test func retryLinesCanBePasted() throws {
    let invocation = try parse(["feed", "my pool", "{\"a\":1}", "--tag", "é"])
    #expect(
      CommandLineText.adding("--create", to: invocation) == "weir feed \"my pool\" \"{\\\"a\\\":1}\" --tag é --create")
    let dashed = try parse(["feed", "--", "-p"])
    #expect(CommandLineText.adding("--create", to: dashed) == "weir feed --create -- -p")
  }

  @Test func retriesOnlyWhatIsBusy() throws {
    var calls = 0
    let retry = Retry(attempts: 3, delay: 0)
    #expect(
      try retry.run { () throws(Failure) -> Int in
        calls += 1
        if calls < 3 { throw Failure(.busy, "resource is busy") }
        return calls
      } == 3)
    calls = 0
    do throws(CommandError) {
      try retry.run { () throws(Failure) in
        calls += 1
        throw Failure(.busy, "resource is busy", hint: "try again")
      }
    } catch {
      guard case .failed(let error) = error else { return }
      #expect(calls == 4)
      #expect(error.hint?.hasPrefix("try again. Retry attempts: 3 (waited ") == true)
    }
    calls = 0
    #expect(throws: CommandError.self) {
      try retry.run { () throws(Failure) in
        calls += 1
        throw Failure(.io, "i/o error")
      }
    }
    #expect(calls == 1)
  }
}
