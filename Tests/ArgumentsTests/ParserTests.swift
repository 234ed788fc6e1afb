import Testing

@testable import Arguments

struct ParserTests {
  private func run(_ words: [String]) throws -> (Sample.Action, Invocation) {
    guard case .run(let action, let invocation) = try Sample.root.parse(words) else {
      Issue.record("not a command to run: \(words)")
      throw ValueError("no command", hint: "")
    }
    return (action, invocation)
  }

  private func failure(_ words: [String]) -> ArgumentError? {
    do throws(ArgumentError) {
      _ = try Sample.root.parse(words)
      return nil
    } catch {
      return error
    }
  }

  @Test(arguments: [
    ["--tail", "5"], ["--tail=5"], ["-n", "5"], ["-n5"], ["-n=5"], ["-qn5"], ["-fqn", "5"],
  ])
  func everySpellingOfAValue(words: [String]) throws {
    let (_, invocation) = try run(["grind", "wheat"] + words)
    #expect(invocation.value(Sample.tail) == "5")
    let (_, before) = try run(["grind"] + words + ["wheat"])
    #expect(before.value(Sample.tail) == "5")
    #expect(before.value(Sample.corn) == "wheat")
  }

  @Test(arguments: [
    ["--dir", "d", "grind", "wheat"], ["grind", "--dir", "d", "wheat"], ["grind", "wheat", "--dir=d"],
    ["--dir", "d", "grind", "wheat", "--dir", "d"],
  ])
  func globalOptionsStandAnywhere(words: [String]) throws {
    #expect(try run(words).1.value(Sample.directory) == "d")
  }

  @Test func repeatedOptionsKeepTheirOrder() throws {
    let (_, invocation) = try run(["grind", "-t", "b", "wheat", "--tag=a", "-tc"])
    #expect(invocation.values(Sample.tag) == ["b", "a", "c"])
  }

  @Test func flagsShareADashAndMayRepeat() throws {
    let (action, invocation) = try run(["grind", "-qfq", "wheat", "--quiet"])
    #expect(action == .grind)
    #expect(invocation.has(Sample.quiet))
    #expect(invocation.has(Sample.fine))
    #expect(!invocation.has(Sample.tail))
  }

  @Test func twoDashesEndOptions() throws {
    let (_, invocation) = try run(["grind", "--", "--tail", "-q"])
    #expect(invocation.value(Sample.corn) == "--tail")
    #expect(invocation.value(Sample.extra) == "-q")
    #expect(!invocation.has(Sample.quiet))
  }

  @Test func aDashAloneIsAValue() throws {
    #expect(try run(["grind", "-"]).1.value(Sample.corn) == "-")
    #expect(try run(["grind", "wheat", "--tag", "-"]).1.values(Sample.tag) == ["-"])
  }

  @Test func hiddenSpellingsStillWork() throws {
    #expect(try run(["grind", "wheat", "--json"]).1.value(Sample.format) == "json")
    #expect(try run(["grind", "wheat", "--json", "--format=json"]).1.value(Sample.format) == "json")
    #expect(try run(["grind", "wheat", "--very-fine"]).1.has(Sample.fine))
    #expect(try run(["grind", "wheat", "--format", "jsonl"]).1.value(Sample.format) == "jsonl")
  }

  @Test func anEmptyWordIsAWord() throws {
    let (_, invocation) = try run(["grind", "", "--tag="])
    #expect(invocation.value(Sample.corn) == "")
    #expect(invocation.values(Sample.tag) == [""])
  }

  @Test func positionalsThatTakeMany() throws {
    let (action, invocation) = try run(["store", "put", "a", "b", "c"])
    #expect(action == .put)
    #expect(invocation.values(Sample.names) == ["a", "b", "c"])
    #expect(invocation.commandLine == "mill store put")
    #expect(invocation.words == ["store", "put", "a", "b", "c"])
  }

  @Test(arguments: [
    (["grind", "wheat", "--bogus"], "unexpected argument '--bogus' found", "Try `mill grind --help`."),
    (
      ["grind", "wheat", "--tial", "3"], "unexpected argument '--tial' found",
      "Did you mean `--tail`? Try `mill grind --help`."
    ),
    (["grind", "wheat", "--bogus=3"], "unexpected argument '--bogus' found", "Try `mill grind --help`."),
    (["grind", "wheat", "-x"], "unexpected argument '-x' found", "Try `mill grind --help`."),
    (["grind", "wheat", "-qé"], "unexpected argument '-é' found", "Try `mill grind --help`."),
    (["grind", "a", "b", "c"], "unexpected argument 'c' found", "Try `mill grind --help`."),
    (["grnd"], "unrecognized subcommand 'grnd'", "Did you mean `grind`? Try `mill --help`."),
    (["x"], "unrecognized subcommand 'x'", "Try `mill --help`."),
    (["store", "putt"], "unrecognized subcommand 'putt'", "Did you mean `put`? Try `mill store --help`."),
    (["help", "x"], "unrecognized subcommand 'x'", "Try `mill --help`."),
    (
      ["grind", "wheat", "--tail", "1", "--since", "5m"],
      "the argument '--tail <TAIL>' cannot be used with '--since <SINCE>'", "Try `mill grind --help`."
    ),
    (
      ["grind", "wheat", "--since", "5m", "-n1"],
      "the argument '--since <SINCE>' cannot be used with '--tail <TAIL>'", "Try `mill grind --help`."
    ),
    (
      ["grind", "wheat", "--tail", "1", "--tail", "2"],
      "the argument '--tail <TAIL>' cannot be used multiple times", "Try `mill grind --help`."
    ),
    (["grind", "wheat", "--delay", "1s"], "--delay requires --tail", "Try `mill grind --help`."),
    (
      ["grind", "wheat", "--tail"], "a value is required for '--tail <TAIL>' but none was supplied",
      "Try `mill grind --help`."
    ),
    (
      ["grind", "wheat", "--tag", "-x"], "a value is required for '--tag <TAG>' but none was supplied",
      "A value that begins with a dash is written `--tag=-x`. Try `mill grind --help`."
    ),
    (
      ["grind", "wheat", "--quiet=no"], "unexpected value 'no' for '--quiet' found; no more were expected",
      "Try `mill grind --help`."
    ),
    (
      ["grind", "wheat", "--color", "alwasy"], "invalid value 'alwasy' for '--color <WHEN>'",
      "Did you mean `always`? Possible values: auto, always, never. Try `mill grind --help`."
    ),
    (
      ["--dir", "a", "grind", "wheat", "--dir", "b"], "conflicting --dir values select different directories",
      "Try `mill grind --help`."
    ),
    (
      ["grind", "--quiet"], "the following required arguments were not provided: <CORN>", "Try `mill grind --help`."
    ),
    (
      ["grind", "wheat", "--json", "--format", "pretty"],
      "the argument '--format <FORMAT>' cannot be used multiple times",
      "Try `mill grind --help`."
    ),
  ])
  func refusals(words: [String], message: String, hint: String) {
    let error = failure(words)
    #expect(error?.message == message)
    #expect(error?.hint == hint)
  }

  @Test func whatWasUnderstoodBeforeAnErrorIsKept() {
    #expect(failure(["--format", "json", "grind", "wheat", "--bogus"])?.soFar.value(Sample.format) == "json")
  }

  @Test(arguments: [[], ["grind"], ["store"], ["store", "put"], ["--dir", "d", "grind"]])
  func nothingToWorkOnShowsHelp(words: [String]) throws {
    guard case .help(let text, let isMissing, _) = try Sample.root.parse(words) else {
      Issue.record("help expected for \(words)")
      return
    }
    #expect(isMissing)
    #expect(text.contains("Usage: mill"))
  }

  @Test(arguments: [
    (["-h"], "mill"), (["--help"], "mill"), (["help"], "mill"), (["grind", "-h"], "mill grind"),
    (["grind", "--help", "--bogus"], "mill grind"), (["help", "grind"], "mill grind"),
    (["store", "help", "put"], "mill store put"), (["help", "store", "put"], "mill store put"),
    (["---help"], "mill"), (["store", "put", "a", "-h"], "mill store put"),
  ])
  func helpIsFoundEverywhere(words: [String], command: String) throws {
    guard case .help(let text, let isMissing, _) = try Sample.root.parse(words) else {
      Issue.record("help expected for \(words)")
      return
    }
    #expect(!isMissing)
    #expect(text.contains("Usage: \(command) [OPTIONS]"))
  }

  @Test(arguments: [["-V"], ["--version"], ["grind", "-V"], ["store", "--version"], ["---version"]])
  func versionIsFoundEverywhere(words: [String]) throws {
    guard case .version = try Sample.root.parse(words) else {
      Issue.record("version expected for \(words)")
      return
    }
  }

  @Test func hiddenCommandsRunButAreNotShown() throws {
    #expect(try run(["store", "drop"]).0 == .drop)
    #expect(!Sample.root.help(path: ["mill"], globals: [], long: true).contains("drop"))
  }

  @Test(arguments: [
    (["grind", "--quiet", "wheat"], false), (["--dir", "d", "grind", "wheat"], true),
    (["grind", "--dir", "d", "wheat"], false),
    (["store", "--dir", "d", "put", "x"], true), (["store", "put", "x", "--dir", "d"], false),
  ])
  func optionsKnowWhetherTheyCameBeforeTheCommand(words: [String], isBefore: Bool) throws {
    let (_, invocation) = try run(words)
    #expect(invocation.hasBeforeCommand(Sample.directory) == isBefore)
    #expect(!invocation.hasBeforeCommand(Sample.quiet))
  }
}
