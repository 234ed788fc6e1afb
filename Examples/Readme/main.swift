import Channels

let engine = try Engine()
let group = try engine.makeGroup()  // channels with one mailbox: here both ends of one
try group.listen(at: ChannelAddress("tcp://127.0.0.1:0", for: .listening))

while var message = try group.receive() {
  if let address = message.boundAddress { try group.connect(to: address) }
  if message.closeReason == .graceful { break }
  if message.isNotice { continue }
  let (channel, opCode) = (message.channel, message.opCode)
  switch opCode {
  case .helloResponse: try group.post(engine.makeMessage(.request, channel: channel, body: "Who is there?"))
  case .request:
    message.removeBody()
    try message.appendBody("A peer.")
    try group.reply(message)  // same channel, same id
  case .response:
    print(message.bodyText ?? "")
    try group.sayBye(on: channel)
  case .helloRequest, .byeRequest: try group.reply(message)  // accepts the one, agrees to the other
  default: continue
  }
}
