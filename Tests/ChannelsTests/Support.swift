import Channels
import Platform

/// What a test waits for did not come in a time in which it always should.
struct NothingCame: Error {}

/// The next message of a group.
func next(_ group: ChannelGroup) throws -> Message {
  guard let message = try group.receive(until: .after(nanoseconds: patience)) else { throw NothingCame() }
  return message
}

func text(_ bytes: RawSpan) -> String { bytes.withUnsafeBytes { String(decoding: $0, as: UTF8.self) } }

/// The value of a message's header; empty if it has none.
func bytes(of message: borrowing Message, _ name: StaticString) -> [UInt8] {
  guard let value = message.headers.first(named: name) else { return [] }
  return value.withUnsafeBytes { Array($0) }
}

/// Why a channel ended, as a final notice says.
func reason(of notice: borrowing Message) -> String { String(decoding: bytes(of: notice, "~reason"), as: UTF8.self) }
