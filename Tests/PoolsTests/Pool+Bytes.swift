import Support

@testable import Pools

extension Pool {
  @discardableResult
  func append(bytes: [UInt8], time: UInt64 = 1, durability: Durability = .fast) throws(PoolError) -> UInt64 {
    try append(bytes.span.bytes, time: time, durability: durability)
  }

  func bytes(of sequence: UInt64) throws(PoolError) -> [UInt8] {
    try withMessage(sequence) { frame in frame.payload.withUnsafeBytes { Array($0) } }
  }

  /// Everything retained, read by a fresh cursor.
  func everything() throws(PoolError) -> [(sequence: UInt64, payload: [UInt8])] {
    var all: [(sequence: UInt64, payload: [UInt8])] = []
    var cursor = try makeCursor(from: .oldest)
    while true {
      let batch = try cursor.forEach { frame in
        all.append((frame.sequence, frame.payload.withUnsafeBytes { Array($0) }))
        return true
      }
      if batch.caughtUp { return all }
    }
  }
}
