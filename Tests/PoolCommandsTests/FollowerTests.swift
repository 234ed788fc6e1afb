import Arguments
import Documents
import Lite3
import Platform
import Pools
import Support
import Testing

@testable import CommandSupport
@testable import PoolCommands

struct FollowerTests {
  private let directory: TemporaryDirectory
  private let output = Output(keepingAsTerminal: false)
  private let errors = Output(keepingAsTerminal: false)
  private let pool: Pool

  init() throws {
    directory = try TemporaryDirectory()
    pool = try Pool.create(at: directory.file("p.plasmite"), size: 8192, indexCapacity: 0)
  }

  private func append(_ numbers: ClosedRange<Int>, tags: [String] = [], time: UInt64 = 1_000_000_000) throws {
    var encoder = Lite3Encoder()
    for number in numbers {
      let text = Array("{\"n\":\(number)}".utf8)
      try encoder.encodeMessage(data: text.span.bytes, tags: tags)
      _ = try pool.append(encoder.bytes, time: time + UInt64(number))
    }
  }

  private func follow(
    _ words: [String], between: () throws -> Void = {}
  ) throws -> (status: ExitCode?, error: Failure?, lines: [Substring]) {
    let invocation = try parse(["--dir", directory.path, "follow", "p"] + words)
    let session = Session(invocation, output: output, errors: errors, now: { 2_000_000_000 })
    let options = try FollowOptions(invocation, now: session.now())
    let last = options.isFinite ? try pool.bounds()?.upperBound ?? 0 : nil
    let source = LocalSource(try FollowCommand.cursor(options, pool), usesWakeups: options.usesWakeups)
    var follower = Follower(
      options, source, through: last, PoolLabel(try PoolReference("p", in: session)), session, command: "follow")
    try between()
    do throws(CommandError) {
      let status =
        if let speed = options.replaySpeed { try follower.replay(speed: speed) } else { try follower.follow() }
      return (status, nil, output.takeText().split(separator: "\n"))
    } catch {
      guard case .failed(let inner) = error else { return (nil, nil, []) }
      return (nil, inner, output.takeText().split(separator: "\n"))
    }
  }

  @Test func aSelectionThatLostMessagesIsAnError() throws {
    try append(1...3)
    let (_, error, lines) = try follow(["--no-follow", "--data-only"]) { try append(4...20) }
    #expect(error?.kind == .retentionGap)
    #expect(error?.sequence == 1)
    #expect(lines.isEmpty)
  }

  @Test func aFollowerThatLostMessagesSaysWhich() throws {
    try append(1...3)
    let (status, _, lines) = try follow(["--tail", "2", "--data-only", "--timeout", "0s"]) { try append(4...20) }
    #expect(status == .timedOut)
    #expect(
      lines == [
        "{\"n\":13}", "{\"n\":14}", "{\"n\":15}", "{\"n\":16}", "{\"n\":17}", "{\"n\":18}", "{\"n\":19}", "{\"n\":20}",
      ])
    #expect(errors.takeText().contains("\"details\":{\"dropped_count\":11,\"last_seen_seq\":1,\"next_seen_seq\":13,"))
  }

  @Test func aSelectionEndsWithWhatWasThere() throws {
    try append(1...3)
    let (status, _, lines) = try follow(["--no-follow", "--data-only"]) { try append(4...5) }
    #expect(status == .success)
    #expect(lines == ["{\"n\":1}", "{\"n\":2}", "{\"n\":3}"])
  }

  @Test func timesAndTagsSelect() throws {
    try append(1...2, tags: ["a"])
    try append(3...4, tags: ["a", "b"])
    try append(5...5, tags: ["b"])
    #expect(
      try follow(["--no-follow", "--data-only", "--tag", "a", "--tag", "b"]).lines == ["{\"n\":3}", "{\"n\":4}"])
    #expect(
      try follow(["--no-follow", "--data-only", "--since", "1970-01-01T00:00:01.000000004Z"]).lines
        == ["{\"n\":4}", "{\"n\":5}"])
    #expect(try follow(["--no-follow", "--data-only", "--tail", "2", "--tag", "a"]).lines == ["{\"n\":4}"])
    #expect(try follow(["--no-follow", "--data-only", "--one", "--tag", "b"]).lines == ["{\"n\":3}"])
    #expect(try follow(["--no-follow", "--tag", ""]).lines.isEmpty)
  }

  @Test func aReplayShowsTheSelectionInOrder() throws {
    try append(1...4)
    let (status, _, lines) = try follow(["--replay", "1000", "--tail", "3", "--data-only"])
    #expect(status == .success)
    #expect(lines == ["{\"n\":2}", "{\"n\":3}", "{\"n\":4}"])
    #expect(try follow(["--replay", "0", "--no-follow", "--one", "--data-only"]).lines == ["{\"n\":1}"])
  }

  @Test func whatCannotBeReadIsToldAfterWhatCan() throws {
    try append(1...2)
    let garbage: [UInt8] = Array(repeating: 0xA5, count: 200)
    _ = try pool.append(garbage.span.bytes, time: 1)
    try append(4...4)
    let (_, error, lines) = try follow(["--no-follow", "--data-only"])
    #expect(lines == ["{\"n\":1}", "{\"n\":2}"])
    #expect(error?.kind == .corrupt)
    #expect(error?.sequence == 3)
    #expect(error?.path == pool.path)
    let fetched = Run(["--dir", directory.path, "fetch", "p", "3"])
    #expect(fetched.status == .failure(.corrupt))
    #expect(fetched.errors.contains("\"seq\":3"))
    #expect(Run(["--dir", directory.path, "fetch", "p", "4"]).status == .success)
  }
}
