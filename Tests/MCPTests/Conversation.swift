import Documents
import Lite3
import Platform
import Pools
import Support
import Testing

@testable import MCP

/// A client and a server on a pool directory of their own, at a time that stands still unless it is set.
final class Conversation {
  let directory: TemporaryDirectory
  let server: MCPServer
  var access = MCPAccess.everything
  var now = MCPMoment(wall: 1_000_000_000_000_000_000, monotonic: 5_000_000_000)

  init() throws {
    directory = try TemporaryDirectory()
    server = MCPServer(directory: directory.path, version: "1.2.3", shelf: try Self.shelf())
  }

  /// As `weir mcp` has one.
  static func shelf() throws -> PoolShelf {
    try PoolShelf(capacity: MCPLimits.keptPools, keptTime: MCPLimits.keptTime)
  }

  func outcome(_ message: String) -> MCPOutcome {
    let bytes = Array(message.utf8)
    return server.handle(bytes.span.bytes, access: access, now: now)
  }

  /// The answer, with `[DIR]` for the pool directory; empty when there is none.
  func ask(_ message: String, _ location: SourceLocation = #_sourceLocation) -> String {
    switch outcome(message) {
    case .nothing: return ""
    case .response(let bytes): return text(bytes)
    case .waiting:
      Issue.record("the answer has to be waited for", sourceLocation: location)
      return ""
    }
  }

  func text(_ response: [UInt8]) -> String {
    var text = ""
    var rest = String(decoding: response, as: UTF8.self)
    while let parts = rest.cut([directory.path]) {
      text += parts[0] + "[DIR]"
      rest = parts[1]
    }
    return text + rest
  }

  /// The result of a tool, without what is around it: `ok TEXT STRUCTURED` or `error TEXT STRUCTURED`.
  func call(_ tool: String, _ arguments: String = "{}", _ location: SourceLocation = #_sourceLocation) -> String {
    result(ask(Self.request(tool, arguments), location), location)
  }

  /// A wait that has no answer yet.
  func wait(_ arguments: String, _ location: SourceLocation = #_sourceLocation) throws -> MCPWait {
    guard case .waiting(let wait) = outcome(Self.request("wait", arguments)) else {
      throw Unexpected(what: "an answer at once")
    }
    return wait
  }

  func result(_ response: String, _ location: SourceLocation = #_sourceLocation) -> String {
    let parts = response.cut(
      [#"{"id":1,"jsonrpc":"2.0","result":{"content":[{"text":"#, #","type":"text"}]"#, #","structuredContent":"#])
    guard let parts, parts[0].isEmpty, parts[3].hasSuffix("}}") else {
      Issue.record("no result of a tool: \(response)", sourceLocation: location)
      return response
    }
    return "\(parts[2].isEmpty ? "ok" : "error") \(parts[1]) \(parts[3].dropLast(2))"
  }

  static func request(_ tool: String, _ arguments: String) -> String {
    #"{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"plasmite_\#(tool)","arguments":\#(arguments)}}"#
  }

  struct Unexpected: Error { let what: String }

  // MARK: Pools

  func path(_ name: String) -> String { directory.file(name + ".plasmite") }

  /// Makes a pool and fills it with messages `{"n":1}` and so on, appended a second apart from 1970 on.
  @discardableResult
  func makePool(
    _ name: String, size: UInt64 = 65_536, messages: Int = 0, tags: (Int) -> [String] = { _ in [] }
  ) throws -> Pool {
    let pool = try Pool.create(at: path(name), size: size)
    try append(pool, messages > 0 ? 1...messages : nil, tags: tags)
    return pool
  }

  func append(
    _ pool: Pool, _ numbers: ClosedRange<Int>?, padding: Int = 0, tags: (Int) -> [String] = { _ in [] }
  ) throws {
    guard let numbers else { return }
    var encoder = Lite3Encoder()
    for number in numbers {
      let filler = padding > 0 ? ",\"p\":\"" + String(repeating: "x", count: padding) + "\"" : ""
      let text = Array("{\"n\":\(number)\(filler)}".utf8)
      try encoder.encodeMessage(data: text.span.bytes, tags: tags(number))
      _ = try pool.append(encoder.bytes, time: UInt64(number) * 1_000_000_000)
    }
  }

  /// The numbers of the messages in a result.
  static func numbers(_ result: String) -> [Int] {
    var numbers: [Int] = []
    var rest = result
    while let parts = rest.cut([#""data":{"n":"#]) {
      numbers.append(parts[1].utf8.prefix { $0 >= 48 && $0 <= 57 }.reduce(0) { $0 * 10 + Int($1) - 48 })
      rest = parts[1]
    }
    return numbers
  }

  /// The members of a reading but its messages.
  static func rest(_ result: String) -> String {
    guard let front = result.cut([#"{"fell_behind""#, #","messages":["#]), let back = front[2].cut([#"],"newest"#])
    else {
      return result
    }
    return #"{"fell_behind""# + front[1] + #","newest"# + back[1]
  }
}

extension String {
  /// What is before, between and after these texts, each the first after the one before; nil if one is missing.
  fileprivate func cut(_ separators: [String]) -> [String]? {
    var parts: [String] = []
    var rest = Array(utf8)[...]
    for separator in separators.map({ Array($0.utf8) }) {
      var place = rest.startIndex
      while true {
        guard let next = rest[place...].firstIndex(of: separator[0]) else { return nil }
        if rest[next...].starts(with: separator) {
          place = next
          break
        }
        place = next + 1
      }
      parts.append(String(decoding: rest[..<place], as: UTF8.self))
      rest = rest[(place + separator.count)...]
    }
    return parts + [String(decoding: rest, as: UTF8.self)]
  }
}
