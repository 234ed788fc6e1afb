import Channels
import Platform
import Reactor
import Support
import Testing

/// Every reason for which a channel can end, and what the application hears of it.
struct CloseReasonTests {
  /// A hello comes back with the status, then comes the final notice.
  private func expectHelloBack(
    _ group: ChannelGroup, _ posted: Posted, _ status: Status, _ reason: String,
    sourceLocation: SourceLocation = #_sourceLocation
  ) throws {
    let hello = try told(group)
    #expect(
      hello.opCode == .helloRequest && hello.isNotice && hello.status == status && hello.id == posted.id
        && hello.channel == posted.channel && !hello.header("~connect_to").isEmpty, "\(hello)",
      sourceLocation: sourceLocation)
    try expectEnd(group, posted.channel, reason, sourceLocation: sourceLocation)
  }

  @Test func aClientHearsWhyItDidNotGetThrough() throws {
    let folder = try TemporaryDirectory()
    let path = folder.file("left")
    let free: ChannelAddress
    do { free = try RawListener(.tcp(host: "127.0.0.1", port: 0)).address }
    try Support.write([], to: path)
    let cases: [(ChannelAddress, Status, String)] = [
      (free, .connectFailed, "refused"),
      (.unix(path: folder.file("none")), .udsPathNotFound, "path_not_found"),
      (.unix(path: path), .connectFailed, "refused"),
      (.unix(path: folder.file(String(repeating: "x", count: 200))), .invalidAddress, "invalid_address"),
      (.tcp(host: "no-such-host.invalid", port: 1), .invalidAddress, "invalid_address"),
    ]
    try withEngine { engine in
      let group = try engine.makeGroup()
      for (address, status, reason) in cases {
        let posted = try group.connect(to: address)
        try expectHelloBack(group, posted, status, reason)
      }
    }
  }

  @Test func aConnectionThatTheSystemRefusesFails() throws {
    let network = WrappedNetwork()
    network.faults.connect = SystemError(.unreachable)
    try withEngine(network: network) { engine in
      let group = try engine.makeGroup()
      let posted = try group.connect(to: .tcp(host: "127.0.0.1", port: 9))
      try expectHelloBack(group, posted, .connectFailed, "connect_failed")
    }
  }

  @Test func aConnectionThatDoesNotComeAboutInTimeIsGivenUp() throws {
    // A secure layer whose peer says nothing: the connection is there, but not ready.
    var options = EngineOptions()
    options.connectTimeout = 2_000_000
    options.secureClient = FixedContext(.silent)
    let listener = try RawListener(.tcp(host: "127.0.0.1", port: 0))
    guard case .tcp(let host, let port) = listener.address else { return }
    try withEngine(options) { engine in
      let group = try engine.makeGroup()
      let posted = try group.connect(to: .tls(host: host, port: port))
      try expectHelloBack(group, posted, .connectFailed, "connect_timed_out")
    }
  }

  @Test(arguments: [
    (SecureError.Kind.certificate, "certificate"), (.handshake, "secure_handshake"), (.failed, "secure_handshake"),
  ])
  func aSecureLayerSaysWhy(kind: SecureError.Kind, reason: String) throws {
    var options = EngineOptions()
    options.secureClient = FixedContext(.fails(kind))
    options.secureServer = FixedContext(.fails(kind))
    let listener = try RawListener(.tcp(host: "127.0.0.1", port: 0))
    guard case .tcp(let host, let port) = listener.address else { return }
    try withEngine(options) { engine in
      let group = try engine.makeGroup()
      let posted = try group.connect(to: .tls(host: host, port: port))
      let hello = try told(group)
      #expect(hello.opCode == .helloRequest && hello.status == .communicationFailed, "\(hello)")
      let end = try told(group)
      #expect(end.channel == posted.channel && end.reason == reason && end.detail == "as the test wants it")

      // A server tells nobody of a connection that never was.
      let server = try Server(engine, .tls(host: "127.0.0.1", port: 0))
      guard case .tls(let host, let port) = server.address else { return }
      let peer = try? RawPeer(connectingTo: .tcp(host: host, port: port))
      #expect(try peer?.readToEnd().bytes ?? [] == [])
      #expect(try server.group.receive(until: .now) == nil)
    }
  }

  @Test func whoDoesNotSayHelloInTimeIsClosed() throws {
    var options = EngineOptions()
    options.helloTimeout = 2_000_000
    try withEngine(options) { engine in
      let server = try Server(engine)
      let silent = try RawPeer(connectingTo: server.address)
      #expect(try silent.readToEnd().bytes == [])
      // Single bytes of a hello that never ends are no hello. On a machine that is busy elsewhere all of them can be
      // on their way before the engine looks at the time: that says nothing, and another peer tries.
      let frame = Frame(.helloRequest, id: 1, headers: String(repeating: "x", count: 60_000)).bytes
      #expect(
        try eventually {
          let slow = try RawPeer(connectingTo: server.address)
          for position in 0..<(frame.count - 1) {
            var sent = slow.trySending(frame[position..<(position + 1)])
            while case .wouldBlock = sent {
              Thread.yield()
              sent = slow.trySending(frame[position..<(position + 1)])
            }
            if case .failed = sent { return true }
            Thread.yield()
          }
          return false
        })
      #expect(eventually { engine.channelCount == 1 })
      #expect(try server.group.receive(until: .now) == nil)
    }
  }

  @Test func aListenerHearsWhyItCannot() throws {
    let folder = try TemporaryDirectory()
    let file = folder.file("file")
    try Support.write([1], to: file)
    let taken = try RawListener(.tcp(host: "127.0.0.1", port: 0))
    let takenPath = try RawListener(.unix(path: folder.file("taken")))
    let cases: [(ChannelAddress, Status, String)] = [
      (taken.address, .listenFailed, "listen_failed"),
      (takenPath.address, .listenFailed, "listen_failed"),
      (.unix(path: file), .listenFailed, "listen_failed"),
      (.unix(path: folder.file("none/there")), .invalidAddress, "invalid_address"),
      (.tcp(host: "192.0.2.1", port: 0), .invalidAddress, "invalid_address"),
      (.tcp(host: "no-such-host.invalid", port: 1), .invalidAddress, "invalid_address"),
    ]
    try withEngine { engine in
      let group = try engine.makeGroup()
      for (address, status, reason) in cases {
        let posted = try group.listen(at: address)
        let welcome = try told(group)
        #expect(
          welcome.opCode == .welcomeResponse && welcome.isNotice && welcome.status == status
            && welcome.id == posted.id && welcome.channel == posted.channel, "\(address.text): \(welcome)")
        try expectEnd(group, posted.channel, reason)
      }
      #expect(try contents(file) == [1])
    }
  }

  @Test func theSystemsFailuresAreTold() throws {
    for (reason, status) in [("receive_failed", Status.recvFailed), ("send_failed", .sendFailed)] {
      let network = WrappedNetwork()
      try withEngine(network: network) { engine in
        let server = try Server(engine)
        let (peer, channel) = try server.greetedPeer()
        if reason == "receive_failed" {
          network.faults.receive = SystemError(.io)
          try peer.send([1])
        } else {
          network.faults.send = SystemError(.io)
          try server.group.post(try message(engine, .signal, channel, id: 5, [1, 2, 3]))
          let back = try told(server.group)
          #expect(back.isNotice && back.status == status && back.id == 5 && back.body == [1, 2, 3])
        }
        try expectEnd(server.group, channel, reason)
      }
    }
  }

  @Test func aListenerThatCannotAcceptIsClosed() throws {
    let network = WrappedNetwork()
    try withEngine(network: network) { engine in
      let server = try Server(engine)
      network.faults.accept = SystemError(.io)
      // Perhaps it is over before it has noticed that it is connected.
      let peer = try? RawPeer(connectingTo: server.address)
      try expectEnd(server.group, server.listener, "accept_failed")
      #expect(try peer?.readToEnd().bytes ?? [] == [])
    }
  }

  @Test func aListenerOutlivesALackOfDescriptors() throws {
    let network = WrappedNetwork()
    try withEngine(network: network) { engine in
      let server = try Server(engine)
      network.faults.accept = SystemError(.limit)
      let waiting = try RawPeer(connectingTo: server.address)
      try waiting.send(Frame(.helloRequest, id: 3).bytes)
      let before = network.waits.load(ordering: .relaxed)
      #expect(try server.group.receive(until: .after(nanoseconds: 60_000_000)) == nil)
      #expect(network.waits.load(ordering: .relaxed) - before < 30)
      network.faults.accept = nil
      #expect(try told(server.group).id == 3)
    }
  }

  @Test func aPeerThatVanishesIsToldApartFromOneThatBreaks() throws {
    try withEngine { engine in
      let server = try Server(engine)
      let (ended, first) = try server.greetedPeer()
      try ended.finish()
      try expectEnd(server.group, first, "peer_vanished")
      let (broken, second) = try server.greetedPeer()
      broken.close(aborting: true)
      try expectEnd(server.group, second, "reset")
    }
  }

  @Test func aHelloComesBackWithAllItHad() throws {
    let folder = try TemporaryDirectory()
    try withEngine { engine in
      let group = try engine.makeGroup()
      var hello = engine.makeMessage(.helloRequest, id: 77)
      try hello.appendHeader("who", "me")
      let body = payload(1, bytes: 40_000)
      try hello.appendBody(body.span.bytes)
      let posted = try group.connect(to: .unix(path: folder.file("none")), with: hello)
      for id: UInt64 in 1...3 {
        // What is posted behind it comes back too, unless it is over by then.
        _ = refusal { () throws(ChannelError) in
          try group.post(engine.makeMessage(.signal, channel: posted.channel, id: id))
        }
      }
      let back = try told(group)
      #expect(back.opCode == .helloRequest && back.id == 77 && back.body == body)
      #expect(back.header("who") == Array("me".utf8) && back.status == .udsPathNotFound)
      var last = try told(group)
      var id: UInt64 = 0
      while last.status != .channelClosed {
        id += 1
        #expect(last.id == id && last.status == .udsPathNotFound)
        last = try told(group)
      }
      #expect(last.reason == "path_not_found" && last.id == 77)
    }
  }
}

/// Makes layers that do what a test wants.
final class FixedContext: SecureContext, @unchecked Sendable {
  enum Behaviour: Sendable {
    case silent
    case fails(SecureError.Kind)
  }

  private let behaviour: Behaviour
  init(_ behaviour: Behaviour) {
    self.behaviour = behaviour
    super.init()
  }

  override func client(host: String) throws(SecureError) -> SecureLayer { Layer(behaviour) }
  override func server() throws(SecureError) -> SecureLayer { Layer(behaviour) }

  private final class Layer: SecureLayer {
    private let behaviour: Behaviour
    init(_ behaviour: Behaviour) {
      self.behaviour = behaviour
      super.init()
    }

    override func start() throws(SecureError) {
      if case .fails(let kind) = behaviour { throw SecureError(kind, "as the test wants it") }
    }
  }
}
