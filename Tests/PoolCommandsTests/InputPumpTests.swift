import Platform
import Support
import Testing

@testable import CommandSupport
@testable import PoolCommands

struct InputPumpTests {
  @Test(arguments: [0, 1, 100_000, 1_000_003])
  func everyByteComesInOrder(size: Int) throws {
    let directory = try TemporaryDirectory()
    let bytes = payload(UInt64(size), bytes: size)
    try write(bytes, to: directory.file("input"))
    let pump = try InputPump.start(File(directory.file("input"), .read))
    var read: [UInt8] = []
    var isWaiting = false
    while true {
      switch pump.next(waits: isWaiting) {
      case .chunk(let buffer, let count):
        read += buffer[..<count]
        pump.recycle(buffer)
        isWaiting = false
        continue
      case .nothing:
        #expect(!isWaiting)
        isWaiting = true
        continue
      case .end: break
      case .failed(let error): Issue.record("\(error.message)")
      case .stopped: Issue.record("nobody asked to stop")
      }
      break
    }
    #expect(read == bytes)
    // The end stays the end.
    guard case .end = pump.next(waits: true) else {
      Issue.record("something came after the end")
      return
    }
  }
}
