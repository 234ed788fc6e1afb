import JSON
import MCP
import Platform
import Pools
import Promise

/// Any bytes as the input of an agent's host: every line is answered with at most one line of JSON, a request always, whatever
/// pools there are; and how the bytes are cut on their way changes nothing about the lines.
enum MCPMessage {
  nonisolated(unsafe) private static var server: MCPServer?
  nonisolated(unsafe) private static var parser = JSONParser()
  private static let longest = 1000

  static func run(_ input: [UInt8]) {
    guard let server = server ?? start() else { return promise(false, "the machine does what it is asked") }
    let whole = lines(input, cut: input.count)
    promise(whole == lines(input, cut: 1 + input.count % 7), "lines are the same however they come")
    for line in whole {
      guard let line else { continue }
      if !fillsTheDisk(line) { answer(line, server) }
    }
  }

  /// Whether a line may make a large pool: it speaks of a size, and has a large number.
  private static func fillsTheDisk(_ line: [UInt8]) -> Bool {
    var digits = 0
    var most = 0
    for byte in line {
      digits = byte >= 48 && byte <= 57 ? digits + 1 : 0
      most = max(most, digits)
    }
    return most > 6 && line.indices.contains { line[$0...].starts(with: "ize".utf8) }
  }

  /// Pools to talk about, for this process.
  private static func start() -> MCPServer? {
    do {
      let directory = ".weir-build/fuzz/pools/\(Process.id)"
      try Paths.makeDirectories(directory)
      for name in ["p", "é ?"] {
        let path = Paths.join(directory, name + ".plasmite")
        try? Pool.delete(at: path)
        _ = try Pool.create(at: path, size: 8192)
      }
      let shelf = try PoolShelf(capacity: MCPLimits.keptPools, keptTime: MCPLimits.keptTime)
      server = MCPServer(directory: directory, version: "1", shelf: shelf)
    } catch {
      return nil
    }
    return server
  }

  /// The lines of an input; nil for one that is too long.
  private static func lines(_ input: [UInt8], cut: Int) -> [[UInt8]?] {
    var lines = MCPLines(limit: longest)
    var found: [[UInt8]?] = []
    func note(_ line: MCPLines.Line?) -> Bool {
      switch line {
      case .text(let text):
        promise(text.count <= longest && !text.contains(10), "a line is a line")
        found.append(text)
      case .tooLong: found.append(nil)
      case nil: return false
      }
      return true
    }
    var start = 0
    while start < input.count {
      let end = min(start + max(cut, 1), input.count)
      lines.add(input.span.bytes.extracting(start..<end))
      while note(lines.next()) {}
      start = end
    }
    _ = note(lines.last())
    return found
  }

  private static func answer(_ line: [UInt8], _ server: MCPServer) {
    // One pool stays whatever is asked for.
    let access = MCPAccess(permits: { pool, mode in mode == .read || pool.utf8.elementsEqual("p".utf8) })
    let now = MCPMoment(wall: Clock.wall(), monotonic: Clock.monotonic())
    let kind = server.kind(of: line.span.bytes)
    switch server.handle(line.span.bytes, access: access, now: now) {
    case .nothing:
      switch kind {
      case .notification, .response: break
      case .request, .invalid: promise(false, "a request is answered")
      }
    case .response(let response): check(response)
    case .waiting(let wait):
      promise(wait.deadline.nanoseconds > now.monotonic, "only who has time waits")
      promise(wait.attempt(now: now.monotonic) == nil, "nothing came, so there is no answer")
      if let response = wait.attempt(now: .max) { check(response) } else { promise(false, "a wait has an end") }
    }
  }

  private static func check(_ response: [UInt8]) {
    promise(!response.contains(10), "an answer is one line")
    do throws(JSONError) {
      let tape = try parser.parse(response.span.bytes)
      promise(tape.member("id", of: tape.root) != nil, "an answer has an id")
      let isError = tape.member("error", of: tape.root) != nil
      promise(isError != (tape.member("result", of: tape.root) != nil), "an answer is a result or an error")
    } catch {
      promise(false, "an answer is JSON")
    }
  }
}

/// What libFuzzer calls with one input after the other.
@_cdecl("LLVMFuzzerTestOneInput")
public func testOneInput(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
  MCPMessage.run(Array(UnsafeRawBufferPointer(start: start, count: count)))
  return 0
}
