import Documents
import Platform
import Reactor
import Support
import Synchronization
import Testing

@testable import Agent

@Suite struct AdminChannelTests {
  @Test func commandsOfOneConnectionAreAnsweredInTheirOrder() throws {
    var handler = AdminHandler()
    handler.syncGenerate = { (reply) throws(Failure) in reply.json(.object([("actor_id", .text("x"))])) }
    handler.clusterSetID = { (id, reply) throws(Failure) in
      reply.log(.info, "renewing")
      throw Failure(.busy, "cluster \(id) is closed", hint: "wait")
    }
    try withNode(handler) { path in
      let client = try AdminClient(path: path)
      for _ in 0..<3 { #expect(try answer(client, .ping).isEmpty) }
      #expect(
        try answer(client, .sync(.generate)) == ["log generating the state of the sync", #"json {"actor_id":"x"}"#])
      let failure = #expect(throws: Failure.self) { try answer(client, .cluster(.setID(7))) }
      #expect(failure?.message == "cluster 7 is closed. Wait.")
      #expect(try answer(client, .cluster(.members)).isEmpty)
    }
  }

  @Test func whatANodeLacksIsAnsweredWithAnError() throws {
    try withNode(AdminHandler()) { path in
      let client = try AdminClient(path: path)
      for command in [
        AdminCommand.reload, .reloadDictionaries, .sync(.reconcileGaps), .cluster(.rejoin), .subscriptions(.list),
        .log(.reset), .plumtreeStatistics, .locks(top: 3),
      ] {
        let failure = #expect(throws: Failure.self) { try answer(client, command) }
        #expect(failure?.message.hasPrefix("this node has no `") == true)
      }
    }
  }

  @Test func onlyThisUserMayUseTheSocketAndItGoesWithTheServer() throws {
    let directory = try TemporaryDirectory()
    let path = Paths.join(directory.file("below"), "admin.sock")
    let node = try Node(path)
    #expect(try File.info(path).permissions & 0o777 == 0o600)
    #expect(try File.info(directory.file("below")).permissions & 0o777 == 0o700)
    node.stop()
    #expect((try? File.info(path)) == nil)
    let failure = #expect(throws: Failure.self) { try AdminClient(path: path) }
    #expect(failure?.kind == .notFound)
  }

  @Test func aSocketThatAnswersIsLeftAlone() throws {
    let directory = try TemporaryDirectory()
    let node = try Node(directory.file("admin.sock"))
    defer { node.stop() }
    let failure = #expect(throws: Failure.self) { try Node(directory.file("admin.sock")) }
    #expect(failure?.kind == .busy)
    #expect(try answer(try AdminClient(path: directory.file("admin.sock")), .ping).isEmpty)
  }

  @Test func aSocketThatADeadNodeLeftIsReplaced() throws {
    let directory = try TemporaryDirectory()
    let path = directory.file("admin.sock")
    // Bound under another name, so that closing it leaves the socket where it was moved.
    let dead = try Sockets.listen(.unix(directory.file("other.sock")), backlog: 1)
    try Paths.replace(directory.file("other.sock"), as: path)
    Sockets.closeListener(dead)
    let node = try Node(path)
    defer { node.stop() }
    #expect(try answer(try AdminClient(path: path), .ping).isEmpty)
  }

  @Test func whatIsNoSocketStays() throws {
    let directory = try TemporaryDirectory()
    try write([1, 2, 3], to: directory.file("admin.sock"))
    let failure = #expect(throws: Failure.self) { try Node(directory.file("admin.sock")) }
    #expect(failure?.kind == .alreadyExists)
    #expect(try contents(directory.file("admin.sock")) == [1, 2, 3])
  }

  @Test(arguments: [
    AdminFrame.around(Array("nonsense".utf8).span.bytes), AdminFrame.around(Array("\"Pong\"".utf8).span.bytes),
    [0, 0x10, 0, 1], Array("GET / HTTP/1.1\r\n\r\n".utf8),
  ])
  func whoeverSendsSomethingElseIsToldSoAndHungUpOn(bytes: [UInt8]) throws {
    try withNode(AdminHandler()) { path in
      let peer = try RawPeer(path)
      try peer.send(bytes)
      var cutter = AdminFrameCutter(limit: AdminFrame.limit)
      try peer.readToEnd().withUnsafeBytes { cutter.append($0) }
      let frame = try #require(try cutter.next())
      guard case .error = try AdminResponse(json: frame) else { return #expect(Bool(false), "no error") }
      #expect(try cutter.next() == nil)
    }
  }

  @Test func commandsThatCameBeforeTheEndAreAnswered() throws {
    try withNode(AdminHandler()) { path in
      let peer = try RawPeer(path)
      let count = 2000
      let ping = AdminFrame.around(AdminCommand.ping.json.span.bytes)
      for _ in 0..<count { try peer.send(ping) }
      try peer.finishSending()
      let success = AdminFrame.around(AdminResponse.success.json.span.bytes)
      #expect(try peer.readToEnd() == Array(repeating: success, count: count).flatMap { $0 })
    }
  }

  @Test func aClientThatGoesAwayMeanwhileHarmsNobody() throws {
    let isHeld = try Gate()
    let wasCalled = try Gate()
    var handler = AdminHandler()
    handler.reload = { (reply) throws(Failure) in
      wasCalled.open()
      isHeld.wait()
      for _ in 0..<30 { reply.json(.text(String(repeating: "x", count: 100_000))) }
    }
    try withNode(handler) { path in
      let peer = try RawPeer(path)
      try peer.send(AdminFrame.around(AdminCommand.reload.json.span.bytes))
      wasCalled.wait()
      peer.close()
      isHeld.open()
      #expect(try answer(try AdminClient(path: path), .ping).isEmpty)
    }
  }

  @Test func answersLargerThanWhatMayWaitComeWhole() throws {
    var handler = AdminHandler()
    handler.subscriptionList = { (reply) throws(Failure) in
      for number in 0..<6 { reply.json(.text(String(repeating: "\(number)", count: 400_000))) }
    }
    try withNode(handler) { path in
      let parts = try answer(try AdminClient(path: path), .subscriptions(.list))
      #expect(parts.map { $0.utf8.count } == Array(repeating: 400_007, count: 6))
    }
  }

  @Test func connectionsBeyondTheLimitAreRefusedAndOthersGoOn() throws {
    try withNode(AdminHandler()) { path in
      var clients: [AdminClient] = []
      for _ in 0..<AdminServer.connectionLimit { clients.append(try AdminClient(path: path)) }
      for client in clients { #expect(try answer(client, .ping).isEmpty) }
      #expect(throws: Failure.self) { try answer(try AdminClient(path: path), .ping) }
      clients.removeFirst()
      #expect(eventually { (try? answer(try AdminClient(path: path), .ping)) != nil })
    }
  }

  // MARK: Support

  private func withNode(_ handler: AdminHandler, _ body: (String) throws -> Void) throws {
    let directory = try TemporaryDirectory()
    let node = try Node(directory.file("admin.sock"), handler)
    defer { node.stop() }
    try body(directory.file("admin.sock"))
  }

  @discardableResult
  private func answer(_ client: AdminClient, _ command: AdminCommand) throws -> [String] {
    try client.send(command)
    var parts: [String] = []
    while let response = try client.next() {
      switch response {
      case .log(_, let message, _): parts.append("log \(message)")
      case .json(let report): parts.append("json \(String(decoding: report.json, as: UTF8.self))")
      case .success, .error: break
      }
    }
    return parts
  }
}

/// An admin server on a loop of its own.
private final class Node {
  private let loop: EventLoop
  private let workers: Workers
  private let server: AdminServer

  init(_ path: String, _ handler: AdminHandler = AdminHandler()) throws {
    loop = try EventLoop(SystemNetwork())
    workers = try Workers(threads: 2, limit: 16)
    do {
      server = try AdminServer(loop, path: path, workers: workers, handler)
    } catch {
      workers.stop()
      throw error
    }
    try loop.startThread()
    let server = server
    loop.submit { try? server.start() }
  }

  func stop() {
    let server = server
    let isStopped = try? Gate()
    loop.submit {
      server.stop()
      isStopped?.open()
    }
    isStopped?.wait()
    loop.stopThread()
    workers.stop()
  }
}

/// Something that is opened once, and that others wait for.
private final class Gate: Sendable {
  private let isOpen = Mutex(false)

  init() throws {}

  func open() { isOpen.withLock { $0 = true } }

  func wait() { _ = eventually { isOpen.withLock { $0 } } }
}

/// A client that sends what it likes.
private final class RawPeer {
  private var socket: SocketNumber
  private let poller: Poller

  init(_ path: String) throws {
    poller = try Poller()
    (socket, _) = try Sockets.connect(.unix(path))
    try poller.add(socket, .read, token: 1)
  }

  deinit { close() }

  func close() {
    guard socket >= 0 else { return }
    poller.remove(socket)
    Sockets.close(socket, aborting: true)
    socket = -1
  }

  func send(_ bytes: [UInt8]) throws {
    var start = 0
    while start < bytes.count {
      let transfer = bytes[start...].withUnsafeBytes { part in
        withUnsafePointer(to: part) { Sockets.send(socket, UnsafeBufferPointer(start: $0, count: 1)) }
      }
      switch transfer {
      case .moved(let count): start += count
      case .failed(let error): throw error
      case .wouldBlock:
        try poller.modify(socket, .write, token: 1)
        try wait()
        try poller.modify(socket, .read, token: 1)
      }
    }
  }

  func finishSending() throws { try Sockets.finishSending(socket) }

  func readToEnd() throws -> [UInt8] {
    var all: [UInt8] = []
    var buffer = [UInt8](repeating: 0, count: 64 << 10)
    while true {
      switch buffer.withUnsafeMutableBytes({ Sockets.receive(socket, into: $0) }) {
      case .moved(0): return all
      case .moved(let count): all += buffer[..<count]
      case .failed(let error): throw error
      case .wouldBlock: try wait()
      }
    }
  }

  private func wait() throws {
    var events = [Poller.Event(token: 0, ready: [])]
    let found = try events.withUnsafeMutableBufferPointer {
      try poller.wait(into: $0, until: .after(nanoseconds: 20_000_000_000))
    }
    if found == 0 { throw SystemError(.timedOut) }
  }
}
