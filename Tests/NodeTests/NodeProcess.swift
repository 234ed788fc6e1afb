import Platform
import Support
import Testing

/// `weir agent` as a process of its own, in a directory of the test's. Killed, if it still runs, when nobody needs it.
final class NodeProcess {
  private let child: ChildProcess
  private(set) var port: UInt16 = 0
  private let directory: TemporaryDirectory

  static let schema = "CREATE TABLE t (id INTEGER NOT NULL PRIMARY KEY, v TEXT, n INTEGER NOT NULL DEFAULT 0);"

  /// It ended before it listened.
  struct Early: Error { let end: ChildProcess.End }

  /// Makes what a node needs, and nothing else.
  ///
  /// - Parameter more: of the configuration.
  static func prepare(
    _ directory: TemporaryDirectory, schema: String = NodeProcess.schema, more: String = ""
  ) throws {
    try write(Array(schema.utf8), to: directory.file("schema.sql"))
    let configuration = """
      [db]
      path = "state.db"
      schema_paths = ["schema.sql"]
      [api]
      addr = "127.0.0.1:0"
      [admin]
      path = "admin.sock"
      \(more)
      """
    try write(Array(configuration.utf8), to: directory.file("node.toml"))
  }

  /// Where the command was built.
  static func weir() throws -> String { Paths.join(Paths.parent(of: try Paths.executable()) ?? ".", "weir") }

  /// What another command prints that runs in the same directory.
  static func run(_ arguments: [String], in directory: TemporaryDirectory) throws -> String {
    let child = try ChildProcess(
      [try weir()] + arguments, input: .null, output: .pipe, error: .null, directory: directory.path)
    var text: [UInt8] = []
    var buffer = [UInt8](repeating: 0, count: 1 << 16)
    while true {
      let count = try buffer.withUnsafeMutableBytes { try child.readOutput(into: $0) }
      if count == 0 { break }
      text += buffer[..<count]
    }
    #expect(try child.wait(until: .after(nanoseconds: 60_000_000_000)) == .exited(0))
    return String(decoding: text, as: UTF8.self)
  }

  /// Starts it and waits until it listens.
  ///
  /// - Parameter shell: what a shell does before it becomes the node.
  init(in directory: TemporaryDirectory, shell: String? = nil) throws {
    self.directory = directory
    let ready = directory.file("ready")
    try? Paths.remove(ready)
    var arguments = [try Self.weir(), "agent", "--config", "node.toml", "--ready-file", "ready"]
    if let shell { arguments = ["/bin/sh", "-c", "\(shell); exec \"$@\"", "sh"] + arguments }
    child = try ChildProcess(arguments, input: .null, output: .null, error: .null, directory: directory.path)
    var found: UInt16?
    let isReady = try eventually {
      if let end = try child.wait(until: .now) { throw Early(end: end) }
      guard let text = try? contents(ready), text.last == 0x0a, let colon = text.lastIndex(of: UInt8(ascii: ":")) else {
        return false
      }
      found = UInt16(String(decoding: text[(colon + 1)...].dropLast(), as: UTF8.self))
      return found != nil
    }
    guard isReady, let found else { throw SystemError(.timedOut) }
    port = found
  }

  deinit { try? child.send(.kill) }

  func connect() throws -> RawConnection { try RawConnection(port: port) }

  static func request(_ path: String, _ body: String) -> String {
    "POST \(path) HTTP/1.1\r\nhost: 127.0.0.1\r\ncontent-type: application/json\r\n"
      + "content-length: \(body.utf8.count)\r\n\r\n\(body)"
  }

  func post(_ path: String, _ body: String) throws -> RawResponse {
    let client = try connect()
    try client.send(Self.request(path, body))
    return try #require(try client.readResponse())
  }

  /// The first cell of the first row.
  func number(_ sql: String) throws -> Int? {
    let lines = try post("/v1/queries", "\"\(sql)\"").body.split(separator: "\n")
    guard lines.count > 1, let cell = lines[1].firstMatch(of: /\[1,\[(-?[0-9]+)/)?.1 else { return nil }
    return Int(cell)
  }

  func kill() throws { try child.send(.kill) }

  /// Asks it to stop; how it ended.
  func stop() throws -> ChildProcess.End? {
    try child.send(.terminate)
    return try wait()
  }

  func wait() throws -> ChildProcess.End? { try child.wait(until: .after(nanoseconds: 60_000_000_000)) }
}
