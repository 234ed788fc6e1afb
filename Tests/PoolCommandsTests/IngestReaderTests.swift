import Arguments
import Documents
import Platform
import Pools
import Support
import Testing

@testable import CommandSupport
@testable import PoolCommands

/// Deliveries in a list, and what the pool held whenever one was asked for.
private final class Script {
  var deliveries: [InputPump.Delivery]
  let pool: Pool
  var newest: [UInt64] = []

  init(_ deliveries: [InputPump.Delivery], _ pool: Pool) {
    self.deliveries = deliveries
    self.pool = pool
  }

  func next() -> InputPump.Delivery {
    newest.append(((try? pool.bounds()) ?? nil)?.upperBound ?? 0)
    return deliveries.isEmpty ? .end : deliveries.removeFirst()
  }
}

private func chunk(_ text: String) -> InputPump.Delivery {
  let bytes = Array(text.utf8)
  // A buffer is larger than what is in it.
  return .chunk(bytes + [0x7D, 0x7D], count: bytes.count)
}

struct IngestReaderTests {
  private let directory: TemporaryDirectory
  private let output = Output(keepingAsTerminal: false)
  private let errors = Output(keepingAsTerminal: false)

  init() throws { directory = try TemporaryDirectory() }

  private func run(
    _ deliveries: [InputPump.Delivery], _ words: [String] = []
  ) throws -> (ending: IngestReader.Ending?, newest: [UInt64], error: Failure?) {
    let invocation = try parse(["--dir", directory.path, "feed", "p"] + words)
    let session = Session(invocation, output: output, errors: errors, now: { 1_000_000_000 })
    let options = try FeedOptions(invocation)
    let reference = try PoolReference("p", in: session)
    let pool = try reference.openOrCreate(size: 1 << 20)
    let script = Script(deliveries, try Pool.open(at: pool.path))
    var reader = IngestReader(options, Feeder(options, .local(pool), session), PoolLabel(reference), session)
    do throws(CommandError) {
      let ending = try reader.run({ _ in script.next() }, recycle: { _ in })
      return (ending, script.newest, nil)
    } catch {
      guard case .failed(let inner) = error else { return (nil, script.newest, nil) }
      return (nil, script.newest, inner)
    }
  }

  @Test func nothingIsHeldBackWhileThereIsNothingToRead() throws {
    let (_, newest, _) = try run([
      chunk("{\"n\":1}\n{\"n\":2}\n{\"n\""), .nothing, chunk(":3}"), .nothing, chunk("\n"), .nothing, .end,
    ])
    // Before each delivery: what arrived before a pause is in the pool by the end of it.
    #expect(newest == [0, 0, 2, 2, 3, 3, 3])
    #expect(
      output.takeText() == """
        {"data":{"n":1},"meta":{"tags":[]},"seq":1,"time":"1970-01-01T00:00:01Z"}
        {"data":{"n":2},"meta":{"tags":[]},"seq":2,"time":"1970-01-01T00:00:01Z"}
        {"data":{"n":3},"meta":{"tags":[]},"seq":3,"time":"1970-01-01T00:00:01Z"}

        """)
  }

  @Test func manyRecordsAreStoredInOrder() throws {
    let count = 5000
    let text = (1...count).map { "{\"n\":\($0)}\n" }.joined()
    _ = try run([chunk(text)])
    let lines = output.takeText().split(separator: "\n")
    #expect(lines.count == count)
    for (index, line) in lines.enumerated() {
      #expect(line.hasPrefix("{\"data\":{\"n\":\(index + 1)},\"meta\":{\"tags\":[]},\"seq\":\(index + 1),"))
    }
  }

  @Test func whatCameBeforeABrokenRecordIsStored() throws {
    let (_, _, error) = try run([chunk("{\"n\":1}\n\n{\"n\":}\n{\"n\":3}\n")])
    #expect(error?.kind == .usage)
    #expect(error?.message == "invalid json at line 3")
    #expect(output.takeText().split(separator: "\n").count == 1)
  }

  @Test func aReadThatFailsLosesNothing() throws {
    let (ending, _, _) = try run([chunk("{\"n\":1}\n{\"n\""), .failed(SystemErrorSample.io)])
    guard case .failed = ending else {
      Issue.record("\(String(describing: ending))")
      return
    }
    #expect(output.takeText().split(separator: "\n").count == 1)
  }

  @Test func aStopStoresWhatWasRead() throws {
    let (ending, _, _) = try run([chunk("{\"n\":1}\n{\"n\":2}{\"n\""), .nothing, .stopped(.terminate)])
    guard case .stopped(.terminate) = ending else {
      Issue.record("\(String(describing: ending))")
      return
    }
    #expect(output.takeText().split(separator: "\n").count == 2)
    #expect(errors.takeText().contains("asked to stop within a record, which was not stored"))
  }

  @Test func skippedRecordsAreTold() throws {
    _ = try run([chunk("{\"n\":1}\nwhat is this\n[1]\n{\"n\":2}")], ["--errors", "skip"])
    let notices = errors.takeText().split(separator: "\n")
    #expect(notices.count == 3)
    #expect(notices[0].contains("\"index\":2,\"line\":2,"))
    #expect(notices[0].contains("\"snippet\":\"what is this\""))
    #expect(notices[2].contains("\"details\":{\"failed\":2,\"ok\":2,"))
    #expect(output.takeText().split(separator: "\n").count == 2)
  }

  @Test func snippetsEndBetweenCharacters() {
    let even = Array(String(repeating: "é", count: 150).utf8)
    let ofEven = IngestReader.snippet(even.span.bytes)
    #expect(ofEven == String(repeating: "é", count: 100))
    let odd = Array("x".utf8) + even
    let ofOdd = IngestReader.snippet(odd.span.bytes)
    #expect(ofOdd == "x" + String(repeating: "é", count: 99))
  }
}

private enum SystemErrorSample {
  /// A failure of the system, made by asking for what cannot be.
  static var io: SystemError {
    do throws(SystemError) {
      _ = try File("/", [.read, .write])
      return SystemError(.io)
    } catch {
      return error
    }
  }
}
