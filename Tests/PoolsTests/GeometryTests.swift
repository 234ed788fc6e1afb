import Support
import Testing

@testable import Pools

struct GeometryTests {
  @Test(
    arguments: [
      (4097, 0), (5000, 0), (5120, 0), (5136, 1), (5200, 5), (5376, 16), (6000, 23), (65_536, 256),
      (1 << 20, 4096), (16 << 20, 65_536), (64 << 20, 65_536),
    ] as [(UInt64, UInt32)])
  func choosesIndexCapacityFromFileSize(size: UInt64, capacity: UInt32) throws {
    #expect(try PoolGeometry(fileSize: size).indexCapacity == capacity)
  }

  @Test func defaultPoolHasTheGeometryOfTheReference() throws {
    let geometry = try PoolGeometry(fileSize: PoolLimits.defaultFileSize)
    #expect(geometry.ringOffset == 69_632)
    #expect(geometry.ringSize == 978_944)
    #expect(geometry.indexBytes == 65_536)
  }

  @Test(arguments: [(0, nil), (4096, nil), (4096 + 16, 1), (1 << 20, 1 << 20)] as [(UInt64, UInt32?)])
  func refusesFilesWithoutRoomForARing(size: UInt64, capacity: UInt32?) {
    let error = failure { _ = try PoolGeometry(fileSize: size, indexCapacity: capacity) }
    #expect(error?.kind == .usage)
    #expect(error?.message == "file_size must exceed header and index size")
  }

  @Test func refusesFilesThatNoProcessCanMap() {
    #expect(throws: PoolError.self) { _ = try PoolGeometry(fileSize: .max) }
  }

  @Test(
    arguments: [
      (RingState(head: 0, tail: 0, tailNext: 0, oldest: 0, newest: 7), 0),
      (RingState(head: 496, tail: 0, tailNext: 496, oldest: 1, newest: 1), 496),
      (RingState(head: 0, tail: 0, tailNext: 496, oldest: 1, newest: 4), 1984),
      (RingState(head: 496, tail: 992, tailNext: 1488, oldest: 3, newest: 5), 1488),
    ] as [(RingState, UInt64)])
  func countsUsedBytes(state: RingState, used: UInt64) {
    #expect(state.used(in: 1984) == used)
    #expect(state.fault(ringSize: 1984) == nil)
  }

  @Test(
    arguments: [
      (RingState(head: 1984, tail: 0, tailNext: 0, oldest: 1, newest: 1), "header offset out of range"),
      (RingState(head: 4, tail: 0, tailNext: 0, oldest: 1, newest: 1), "header offset not aligned"),
      (RingState(head: 8, tail: 0, tailNext: 0, oldest: 2, newest: 1), "seq bounds inverted"),
      (RingState(head: 8, tail: 0, tailNext: 0, oldest: 0, newest: 1), "empty header offsets mismatch"),
      (RingState(head: 8, tail: 8, tailNext: 0, oldest: 0, newest: 1), "empty header offsets mismatch"),
    ] as [(RingState, String)])
  func namesWhatIsWrongWithAState(state: RingState, fault: String) {
    #expect(state.fault(ringSize: 1984)?.text == fault)
  }
}
