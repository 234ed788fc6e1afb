import Platform
import Support
import Testing

@testable import Pools

struct AppendTests {
  @Test func givesSequencesFromOneAndKeepsTimesAndBytes() throws {
    let directory = try TemporaryDirectory()
    let pool = try Pool.create(at: directory.file("p.plasmite"))
    #expect(try pool.bounds() == nil)
    for number in 1...20 as ClosedRange<UInt64> {
      #expect(try pool.append(bytes: payload(number, bytes: Int(number) * 37), time: number * 1000) == number)
    }
    #expect(try pool.bounds() == 1...20)
    let info = try pool.info()
    #expect(info.messageCount == 20 && info.oldestTime == 1000 && info.newestTime == 20_000)
    #expect(info.usedBytes + info.freeBytes == pool.geometry.ringSize)
    for (sequence, bytes) in try pool.everything() {
      #expect(bytes == payload(sequence, bytes: Int(sequence) * 37))
    }
  }

  @Test func anEmptyPayloadIsAMessageToo() throws {
    let directory = try TemporaryDirectory()
    let pool = try Pool.create(at: directory.file("p.plasmite"), size: 4096 + 72, indexCapacity: 0)
    #expect(try pool.append(bytes: []) == 1)
    #expect(try pool.append(bytes: []) == 2)
    #expect(try pool.everything().map(\.sequence) == [2])
  }

  @Test(arguments: [Durability.fast, .flush])
  func aBatchIsAppendedInOrder(durability: Durability) throws {
    let directory = try TemporaryDirectory()
    let pool = try Pool.create(at: directory.file("p.plasmite"), size: 1 << 16)
    var batch = MessageBatch()
    for round in 0..<3 as Range<UInt64> {
      batch.removeAll()
      for number in 1...10 as ClosedRange<UInt64> {
        batch.add(payload(round * 10 + number, bytes: 90).span.bytes, time: number)
      }
      #expect(try pool.append(batch, durability: durability) == round * 10 + 1...round * 10 + 10)
    }
    for (sequence, bytes) in try pool.everything() { #expect(bytes == payload(sequence, bytes: 90)) }
    batch.removeAll()
    #expect(failure { _ = try pool.append(batch) }?.kind == .usage)
  }

  @Test func oneFlushServesWhatWasAppendedBefore() throws {
    let directory = try TemporaryDirectory()
    let pool = try Pool.create(at: directory.file("p.plasmite"))
    try pool.flush()
    for number in 1...3 as ClosedRange<UInt64> { _ = try pool.append(bytes: payload(number, bytes: 5000)) }
    try pool.flush()
    #expect(try pool.bounds() == 1...3)
    let onDisk = try contents(directory.file("p.plasmite"))
    #expect(onDisk.count == Int(pool.geometry.fileSize) && onDisk[96..<104] == littleEndian(3)[...])
  }

  @Test func aBatchWithAMessageThatCannotFitKeepsTheOnesBefore() throws {
    let directory = try TemporaryDirectory()
    let pool = try Pool.create(at: directory.file("p.plasmite"), size: 1 << 16)
    var batch = MessageBatch()
    batch.add(payload(1, bytes: 10).span.bytes, time: 1)
    batch.add(payload(2, bytes: 1 << 16).span.bytes, time: 1)
    batch.add(payload(3, bytes: 10).span.bytes, time: 1)
    let error = failure { _ = try pool.append(batch) }
    #expect(error?.kind == .usage && error?.sequence == 2)
    #expect(try pool.bounds() == 1...1)
  }

  @Test func threadsOfOneProcessShareAPool() throws {
    let directory = try TemporaryDirectory()
    let pool = try Pool.create(at: directory.file("p.plasmite"), size: 1 << 20)
    let threads = try [0, 1, 2].map { writer in
      Box(
        try Thread {
          for index in 0..<500 as Range<UInt64> {
            _ = try? pool.append(bytes: payload(UInt64(writer) << 32 | index, bytes: 60), time: UInt64(writer))
          }
        })
    }
    for thread in threads { thread.value.take()?.join() }
    let all = try pool.everything()
    #expect(all.map(\.sequence) == Array(1...1500))
    #expect(Set(all.map { $0.payload }).count == 1500)
  }

  @Test func threadsOfTwoOpensTakeTurnsAndLeaveTheLockFree() throws {
    let directory = try TemporaryDirectory()
    let first = try Pool.create(at: directory.file("p.plasmite"), size: 1 << 20)
    let second = try Pool.open(at: first.path)
    let threads = try (0..<6).map { writer in
      Box(
        try Thread {
          for index in 0..<300 as Range<UInt64> {
            let bytes = payload(UInt64(writer) << 32 | index, bytes: 60)
            _ = try? (writer % 2 == 0 ? first : second).append(bytes: bytes, time: UInt64(writer))
          }
        })
    }
    for thread in threads { thread.value.take()?.join() }
    let all = try second.everything()
    #expect(all.map(\.sequence) == Array(1...1800))
    #expect(Set(all.map { $0.payload }).count == 1800)
    let isFree = first.file.tryLock(.exclusive)
    first.file.unlock()
    let isFreeForTheOther = second.file.tryLock(.exclusive)
    second.file.unlock()
    #expect(isFree && isFreeForTheOther)
  }

  @Test func threadsThatFindTheirPoolGoneLeaveTheLockFree() throws {
    let directory = try TemporaryDirectory()
    let pool = try Pool.create(at: directory.file("p.plasmite"), size: 1 << 20)
    let other = try Pool.open(at: pool.path)
    let threads = try (0..<4).map { _ in
      Box(try Thread { while failure({ try pool.append(bytes: payload(1, bytes: 60)) })?.kind != .notFound {} })
    }
    #expect(try eventually { try other.bounds() != nil })
    try Pool.delete(at: pool.path)
    for thread in threads { thread.value.take()?.join() }
    let isFree = other.file.tryLock(.exclusive)
    #expect(isFree)
    other.file.unlock()
  }

  @Test func aDurableMessageIsThereForAProcessThatReadsTheFile() throws {
    let directory = try TemporaryDirectory()
    let pool = try Pool.create(at: directory.file("p.plasmite"), size: 8192)
    for number in 1...100 as ClosedRange<UInt64> {
      try pool.append(bytes: payload(number, bytes: 300), durability: .flush)
    }
    let copy = directory.file("copy.plasmite")
    try write(try contents(pool.path), to: copy)
    #expect(try Pool.open(at: copy).everything().last?.payload == payload(100, bytes: 300))
  }

  @Test func anAppendToADeletedOrReplacedPoolFailsOnceItIsNoticed() throws {
    let directory = try TemporaryDirectory()
    let path = directory.file("p.plasmite")
    let pool = try Pool.create(at: path)
    try Pool.delete(at: path)
    #expect(failure { try pool.verifyPath(trust: 0) }?.kind == .notFound)
    _ = try Pool.create(at: path)
    #expect(failure { try pool.verifyPath(trust: 0) }?.message == "pool path now refers to a different file")
  }

  @Test func twoOpensOfOneFileExcludeEachOther() throws {
    let directory = try TemporaryDirectory()
    let first = try Pool.create(at: directory.file("p.plasmite"))
    let second = try Pool.open(at: first.path)
    try first.reading { _ throws(PoolError) in
      let exclusive = second.file.tryLock(.exclusive)
      let shared = second.file.tryLock(.shared)
      #expect(!exclusive && shared)
      second.file.unlock()
    }
    let exclusive = second.file.tryLock(.exclusive)
    #expect(exclusive)
    second.file.unlock()
  }
}

/// Holds a value that cannot be copied, so that an array can hold it.
private final class Box<Value: ~Copyable> {
  var value: Value?
  init(_ value: consuming Value) { self.value = consume value }
}
