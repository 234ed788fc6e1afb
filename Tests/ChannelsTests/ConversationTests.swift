import Channels
import Platform
import Support
import Testing

/// Two groups on engines of their own that talk over a real connection.
struct ConversationTests {
  @Test func greetsEchoesAndSaysBye() throws {
    let (server, client) = (try Engine(), try Engine())
    defer {
      server.shutDown()
      client.shutDown()
    }
    let (serving, calling) = (try server.makeGroup(), try client.makeGroup())
    try serving.listen(at: ChannelAddress("tcp://127.0.0.1:0", for: .listening))
    let welcome = try next(serving)
    #expect(welcome.opCode == .welcomeResponse)
    #expect(welcome.status == .success)
    let address = try ChannelAddress(headerValue: bytes(of: welcome, "~listen_on").span.bytes, for: .connecting)

    let called = try calling.connect(to: address)
    let hello = try next(serving)
    #expect(hello.opCode == .helloRequest)
    #expect(hello.id == called.id)
    let channel = hello.channel
    try serving.reply(hello)
    let answer = try next(calling)
    #expect(answer.opCode == .helloResponse)
    #expect(answer.channel == called.channel)

    for round in 0..<1000 {
      var request = client.makeMessage(.request, channel: called.channel)
      try request.appendHeader("round", "\(round)")
      try request.appendBody("body \(round)")
      let posted = try calling.post(request)
      let came = try next(serving)
      #expect(came.opCode == .request && came.channel == channel)
      try serving.reply(came)
      let back = try next(calling)
      #expect(back.opCode == .response && back.id == posted.id)
      #expect(text(back.body) == "body \(round)")
    }

    try calling.sayBye(on: called.channel)
    let bye = try next(serving)
    #expect(bye.opCode == .byeRequest)
    try serving.reply(bye)
    let agreed = try next(calling)
    #expect(agreed.opCode == .byeResponse)
    for group in [calling, serving] {
      let notice = try next(group)
      #expect(notice.isNotice && notice.status == .channelClosed)
      #expect(reason(of: notice) == "graceful")
    }
    #expect(client.channelCount == 0)
    #expect(server.channelCount == 1)
  }

  /// The answer may be there before the receiver that performs the request begins to wait.
  @Test func saysAtOnceThatItListens() throws {
    for _ in 0..<50 {
      let engine = try Engine()
      defer { engine.shutDown() }
      let group = try engine.makeGroup()
      try group.listen(at: ChannelAddress("tcp://127.0.0.1:0", for: .listening))
      let welcome = try next(group)
      #expect(welcome.opCode == .welcomeResponse)
    }
  }
}
