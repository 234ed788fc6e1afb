import Agent
import Promise

/// Any bytes as what comes over an admin channel: requests are refused or mean what they say, and so are answers.
enum AdminFrames {
  static func read(_ bytes: [UInt8]) {
    let commands = AdminCheck.commands(in: bytes)
    promise(commands.count * 4 <= bytes.count, "no frame is without its head")
    let known = commands.compactMap { $0 }
    promise(AdminCheck.commands(in: known.flatMap { $0 }) == known, "what is written means the same")
    guard let answer = AdminCheck.answer(bytes) else { return }
    promise(AdminCheck.answer(answer) == answer, "an answer that is written means the same")
  }
}

/// What libFuzzer calls with one input after the other.
@_cdecl("LLVMFuzzerTestOneInput")
public func testOneInput(_ start: UnsafePointer<UInt8>?, _ count: Int) -> Int32 {
  AdminFrames.read(Array(UnsafeBufferPointer(start: start, count: count)))
  return 0
}
