import Platform
import Support
import Testing

@testable import Pools

struct CursorTests {
  private func pool(_ directory: TemporaryDirectory, messages: UInt64, size: UInt64 = 1 << 16) throws -> Pool {
    let pool = try Pool.create(at: directory.file("p.plasmite"), size: size)
    for number in 0..<messages { try pool.append(bytes: payload(number + 1, bytes: 100), time: number + 1) }
    return pool
  }

  @Test(
    arguments: [
      (.oldest, 1), (.live, 11), (.sequence(4), 4), (.sequence(0), 1), (.sequence(50), 50), (.last(3), 8),
      (.last(0), 11),
      (.last(99), 1),
    ] as [(Cursor.Start, UInt64)])
  func startsWhereAsked(start: Cursor.Start, next: UInt64) throws {
    let directory = try TemporaryDirectory()
    #expect(try pool(directory, messages: 10).makeCursor(from: start).next == next)
  }

  @Test func readsEachMessageOnceInOrder() throws {
    let directory = try TemporaryDirectory()
    let pool = try pool(directory, messages: 100)
    var cursor = try pool.makeCursor(from: .oldest)
    var seen: [UInt64] = []
    var batch = try cursor.forEach(limit: 7) { frame in
      seen.append(frame.sequence)
      #expect(frame.time == frame.sequence)
      #expect(frame.payload.withUnsafeBytes { Array($0) } == payload(frame.sequence, bytes: 100))
      return true
    }
    #expect(batch.count == 7 && !batch.caughtUp && batch.gap == nil)
    while !batch.caughtUp {
      batch = try cursor.forEach(limit: 9) {
        seen.append($0.sequence); return true
      }
    }
    #expect(seen == Array(1...100))
    #expect(try cursor.forEach { _ in true }.caughtUp)
    try pool.append(bytes: payload(101, bytes: 10))
    #expect(
      try cursor.forEach {
        seen.append($0.sequence); return true
      }.count == 1)
    #expect(seen.last == 101)
  }

  @Test func stopsAfterTheFrameThatWasEnough() throws {
    let directory = try TemporaryDirectory()
    let pool = try pool(directory, messages: 10)
    var cursor = try pool.makeCursor(from: .oldest)
    #expect(try cursor.forEach { $0.sequence < 4 }.count == 4)
    #expect(cursor.next == 5)
  }

  @Test func aReaderThatWasOvertakenLearnsExactlyWhatItMissed() throws {
    let directory = try TemporaryDirectory()
    let pool = try pool(directory, messages: 5, size: 6000)
    var cursor = try pool.makeCursor(from: .sequence(3))
    for number in 6...200 as ClosedRange<UInt64> { try pool.append(bytes: payload(number, bytes: 100)) }
    let oldest = try #require(try pool.bounds()).lowerBound
    var seen: [UInt64] = []
    let batch = try cursor.forEach {
      seen.append($0.sequence); return true
    }
    #expect(batch.gap == 3...oldest - 1)
    #expect(seen == Array(oldest...200))
    #expect(try cursor.forEach { _ in true }.gap == nil)
  }

  /// The message behind the last one that was read went to the start of the ring, and what it left behind was overwritten.
  @Test func aReaderFindsTheOldestMessageWhereverTheLastOneEnded() throws {
    let directory = try TemporaryDirectory()
    let pool = try Pool.create(at: directory.file("p.plasmite"), size: 4096 + 2000, indexCapacity: 0)
    try pool.append(bytes: payload(1, bytes: 1428))
    var cursor = try pool.makeCursor(from: .oldest)
    var seen: [UInt64] = []
    _ = try cursor.forEach {
      seen.append($0.sequence); return true
    }
    for (number, size) in [(2, 528), (3, 728), (4, 128)] as [(UInt64, Int)] {
      try pool.append(bytes: payload(number, bytes: size))
    }
    #expect(try pool.bounds() == 2...4)
    let batch = try cursor.forEach {
      seen.append($0.sequence); return true
    }
    #expect(batch.gap == nil)
    #expect(seen == [1, 2, 3, 4])
  }

  @Test func aGapIsAnErrorWhenThatIsThePolicy() throws {
    let directory = try TemporaryDirectory()
    let pool = try pool(directory, messages: 200, size: 6000)
    var cursor = try pool.makeCursor(from: .sequence(3), gapPolicy: .error)
    for _ in 0..<2 {
      do {
        _ = try cursor.forEach { _ in true }
        Issue.record("no error")
      } catch {
        #expect(error.kind == .retentionGap)
        #expect(error.sequence == 3)
      }
    }
    #expect(cursor.next == 3)
  }

  @Test func aDamagedMessageIsReportedAndCanBePassed() throws {
    let directory = try TemporaryDirectory()
    let pool = try pool(directory, messages: 5)
    let place = try pool.reading { state throws(PoolError) in try pool.locate(3, state).offset }
    try patch(pool.path, at: pool.geometry.ringOffset + place + 64 + 50, [0xFF, 0xFE])
    var cursor = try pool.makeCursor(from: .oldest)
    var seen: [UInt64] = []
    do {
      _ = try cursor.forEach {
        seen.append($0.sequence); return true
      }
      Issue.record("no error")
    } catch {
      #expect(error.kind == .corrupt && error.sequence == 3 && error.offset == place)
      #expect(error.causes == ["frame checksum mismatch"])
    }
    #expect(cursor.next == 3)
    cursor.next = 4
    _ = try cursor.forEach {
      seen.append($0.sequence); return true
    }
    #expect(seen == [1, 2, 4, 5])
    #expect(throws: PoolError.self) { try pool.bytes(of: 3) }
    let report = try pool.validate()
    #expect(report.issue?.message == "frame checksum mismatch" && report.lastGoodSequence == 2)
  }

  @Test func waitsForTheNextMessageAndNoLonger() throws {
    let directory = try TemporaryDirectory()
    let pool = try pool(directory, messages: 1)
    let path = pool.path
    let cursor = try pool.makeCursor(from: .live)
    #expect(try cursor.wait(until: .after(nanoseconds: 1_000_000)) == false)
    let writer = try Thread {
      if let other = try? Pool.open(at: path) { _ = try? other.append(bytes: payload(2, bytes: 10)) }
    }
    #expect(try cursor.wait(until: .after(nanoseconds: 30_000_000_000)))
    writer.join()
  }

  @Test func noticesThatThePoolWasDeletedOrReplaced() throws {
    let directory = try TemporaryDirectory()
    let pool = try pool(directory, messages: 1)
    let cursor = try pool.makeCursor(from: .live)
    try Pool.delete(at: pool.path)
    #expect(failure { _ = try cursor.wait(until: .after(nanoseconds: 30_000_000_000)) }?.kind == .notFound)
    let other = try Pool.create(at: pool.path)
    let replaced = failure { _ = try cursor.wait(until: .after(nanoseconds: 30_000_000_000)) }
    #expect(replaced?.message == "pool path now refers to a different file")
    #expect(try other.bounds() == nil)
  }

  /// 16-slot index, thousands of messages: every sequence is found, in any order, and again after the ring went on.
  @Test func fetchesOutsideTheIndex() throws {
    let directory = try TemporaryDirectory()
    let pool = try Pool.create(at: directory.file("p.plasmite"), size: 1 << 20, indexCapacity: 16)
    for number in 1...3000 as ClosedRange<UInt64> { try pool.append(bytes: payload(number, bytes: 40)) }
    var generator = SplitMix(seed: 1)
    for round in 0..<3 {
      let bounds = try #require(try pool.bounds())
      for sequence in Array(bounds).shuffled(using: &generator) {
        #expect(try pool.bytes(of: sequence) == payload(sequence, bytes: 40))
      }
      for number in 1...(2500 + UInt64(round)) {
        try pool.append(bytes: payload(bounds.upperBound + number, bytes: 40))
      }
    }
    let bounds = try #require(try pool.bounds())
    for missing in [0, bounds.lowerBound - 1, bounds.upperBound + 1, .max] {
      let error = failure { _ = try pool.bytes(of: missing) }
      #expect(error?.kind == .notFound && error?.message == "message not found" && error?.sequence == missing)
    }
  }
}
