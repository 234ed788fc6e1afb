internal import Channels

/// A message as it is stored: whole, also when it came in parts.
struct StorableMessage {
  let channel: UInt16
  let id: UInt64
  let opCode: OpCode
  let statusByte: UInt8
  /// As they were on the wire; of the first part.
  let headers: [UInt8]
  let body: [UInt8]

  init(
    channel: UInt16 = 0, id: UInt64 = 0, opCode: OpCode = .signal, statusByte: UInt8 = 0, headers: [UInt8],
    body: [UInt8]
  ) {
    self.channel = channel
    self.id = id
    self.opCode = opCode
    self.statusByte = statusByte
    self.headers = headers
    self.body = body
  }

  init(_ message: borrowing Message) {
    channel = message.channel
    id = message.id
    opCode = message.opCode
    statusByte = message.statusByte
    headers = message.headerBytes.bytes
    body = message.body.bytes
  }

  init(_ collected: CollectedMessage) {
    channel = collected.channel
    id = collected.id
    opCode = collected.opCode
    statusByte = 0
    headers = collected.headerBytes
    body = collected.body
  }
}
