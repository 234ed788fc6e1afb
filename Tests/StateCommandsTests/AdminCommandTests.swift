import Agent
import Documents
import Platform
import Reactor
import Support
import Testing

@testable import StateCommands

@Suite struct AdminCommandTests {
  @Test func resultsArePrintedAndWhatANodeSaysIsANotice() throws {
    var handler = AdminHandler()
    handler.reload = { (reply) throws(Failure) in reply.log(.info, "reading 2 files") }
    handler.subscriptionList = { (reply) throws(Failure) in
      reply.json(.list([.object([("id", .text("x")), ("ms_per_sec_cost", .decimal(0.1))])]))
    }
    handler.subscriptionInfo = { (hash, id, reply) throws(Failure) in
      reply.json(.object([("hash", .text(hash)), ("id", .text(id))]))
    }
    try withNode(handler) { path in
      let reload = run(["reload", "--admin-path", path])
      #expect(reload.status == 0)
      #expect(reload.output.isEmpty)
      #expect(reload.errors.contains(#""kind":"node","message":"reading 2 files""#))
      #expect(run(["--admin-path", path, "subs", "list"]).output == "[{\"id\":\"x\",\"ms_per_sec_cost\":0.1}]\n")
      #expect(run(["subs", "info", "--id", "x", "--admin-path", path]).output == "{\"hash\":null,\"id\":\"x\"}\n")
      #expect(
        run(["subs", "info", "--hash", "h", "--admin-path", path], terminal: true).output.contains("  \"hash\": \"h\""))
    }
  }

  @Test func theSocketIsThatOfTheConfiguration() throws {
    try withNode(AdminHandler()) { path in
      let directory = try TemporaryDirectory()
      let text = "db.path = \"x\"\napi.addr = \"127.0.0.1:1\"\nadmin.path = \"\(path)\"\n"
      try write(Array(text.utf8), to: directory.file("node.toml"))
      let result = run(["-c", directory.file("node.toml"), "reload"])
      #expect(result.status == 1)
      #expect(result.errors.contains("this node has no `reload`"))
      #expect(run(["-c", directory.file("none.toml"), "reload"]).status == 3)
    }
  }

  @Test(arguments: [
    (["reload", "--admin-path", "/nowhere/admin.sock"], Int32(3), "no node answers on the admin socket"),
    (["reload", "--admin-path", ""], 2, "--admin-path is empty"),
    (["subs", "info", "--hash", "a", "--id", "b"], 2, "cannot be used with"),
    (["subs", "info", "-c", "x"], 2, "needs --hash or --id"),
  ])
  func whatCannotBeIsRefused(words: [String], status: Int32, message: String) {
    let result = run(words)
    #expect(result.status == status)
    #expect(result.errors.contains(message), "\(result.errors)")
  }

  @Test func theEffectiveConfigurationIsPrinted() throws {
    let directory = try TemporaryDirectory()
    let path = directory.file("node.toml")
    let text = "db.path = \"x\"\n[api]\naddr = \"127.0.0.1:1\"\nauthz.bearer = \"hush\"\n[gossip]\naddr = \"[::]:1\"\n"
    try write(Array(text.utf8), to: path)
    let result = run(["--db-path", "y", "agent", "--print-config", "--config", path])
    #expect(result.status == 0)
    #expect(result.output.contains("path = \"y\"  # option --db-path\n"))
    #expect(result.output.contains("bearer-token = \"********\"  # line 4\n"))
    #expect(!result.output.contains("hush"))
    #expect(result.errors.contains("not used yet: gossip.addr (line 6)"))
  }

  private func withNode(_ handler: AdminHandler, _ body: (String) throws -> Void) throws {
    let directory = try TemporaryDirectory()
    let path = directory.file("admin.sock")
    let loop = try EventLoop(SystemNetwork())
    let workers = try Workers(threads: 1, limit: 4)
    defer { workers.stop() }
    let server = try AdminServer(loop, path: path, workers: workers, handler)
    try loop.startThread()
    defer { loop.stopThread() }
    loop.submit { try? server.start() }
    try body(path)
    loop.submit { server.stop() }
    #expect(eventually { (try? File.info(path)) == nil })
  }
}
