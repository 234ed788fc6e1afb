import Channels
import Platform
import Support
import Testing

/// Two groups on engines of their own that talk over a real connection.
struct ConversationTests {
  static func deadline() -> Deadline { .after(nanoseconds: 20_000_000_000) }

  @Test func greetsEchoesAndSaysBye() throws {
    let (server, client) = (try Engine(), try Engine())
    defer {
      server.shutDown()
      client.shutDown()
    }
    let (serving, calling) = (try server.makeGroup(), try client.makeGroup())
    try serving.listen(at: ChannelAddress("tcp://127.0.0.1:0", for: .listening))
    let welcome = try #require(try serving.receive(until: Self.deadline()))
    #expect(welcome.opCode == .welcomeResponse)
    #expect(welcome.status == .success)
    let bound = try #require(welcome.headers.first(named: "~listen_on").map { $0.withUnsafeBytes { Array($0) } })
    let address = try ChannelAddress(headerValue: bound.span.bytes, for: .connecting)

    let called = try calling.connect(to: address)
    let hello = try #require(try serving.receive(until: Self.deadline()))
    #expect(hello.opCode == .helloRequest)
    #expect(hello.id == called.id)
    let channel = hello.channel
    try serving.reply(hello)
    let answer = try #require(try calling.receive(until: Self.deadline()))
    #expect(answer.opCode == .helloResponse)
    #expect(answer.channel == called.channel)

    for round in 0..<1000 {
      var request = client.makeMessage(.request, channel: called.channel)
      try request.appendHeader("round", "\(round)")
      try request.appendBody("body \(round)")
      let posted = try calling.post(request)
      let came = try #require(try serving.receive(until: Self.deadline()))
      #expect(came.opCode == .request && came.channel == channel)
      try serving.reply(came)
      let back = try #require(try calling.receive(until: Self.deadline()))
      #expect(back.opCode == .response && back.id == posted.id)
      #expect(back.body.withUnsafeBytes { String(decoding: $0, as: UTF8.self) } == "body \(round)")
    }

    try calling.sayBye(on: called.channel)
    let bye = try #require(try serving.receive(until: Self.deadline()))
    #expect(bye.opCode == .byeRequest)
    try serving.reply(bye)
    let agreed = try #require(try calling.receive(until: Self.deadline()))
    #expect(agreed.opCode == .byeResponse)
    for group in [calling, serving] {
      let notice = try #require(try group.receive(until: Self.deadline()))
      #expect(notice.isNotice && notice.status == .channelClosed)
      #expect(
        notice.headers.first(named: "~reason").map { $0.withUnsafeBytes { String(decoding: $0, as: UTF8.self) } }
          == "graceful")
    }
    #expect(client.channelCount == 0)
    #expect(server.channelCount == 1)
  }
}
