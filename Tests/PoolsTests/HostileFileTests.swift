import Platform
import Support
import Testing

@testable import Pools

/// Files from anywhere: they get an error with a kind, nothing crashes, and nothing is changed by looking.
struct HostileFileTests {
  private func sample(_ directory: TemporaryDirectory) throws -> String {
    let path = directory.file("sample.plasmite")
    let pool = try Pool.create(at: path, size: 9000, indexCapacity: 8)
    for number in 1...30 as ClosedRange<UInt64> { try pool.append(bytes: payload(number, bytes: 200)) }
    return path
  }

  /// Rows of the pool format's section 2.3.
  @Test(
    arguments: [
      (0, [0x58], .corrupt, "bad magic"),
      (4, [4, 0, 0, 0], .usage, "unsupported pool format version 4 (supported: 3)"),
      (4, [2, 0, 0, 0], .usage, "unsupported pool format version 2 (supported: 3)"),
      (8, [2], .corrupt, "unsupported endianness"),
      (16, littleEndian(0), .corrupt, "invalid file size"),
      (16, littleEndian(9001), .corrupt, "invalid file size"),
      (24, littleEndian(8192), .corrupt, "invalid index offset"),
      (32, [0xFF, 0xFF, 0xFF, 0xFF], .corrupt, "ring offset mismatch"),
      (40, littleEndian(0), .corrupt, "invalid ring offset"),
      (40, littleEndian(8192), .corrupt, "ring offset mismatch"),
      (48, littleEndian(.max), .corrupt, "ring bounds mismatch"),
      (48, littleEndian(1), .corrupt, "ring bounds mismatch"),
      (64, littleEndian(1 << 40), .corrupt, "header offset out of range"),
      (72, littleEndian(3), .corrupt, "header offset not aligned"),
      (88, littleEndian(.max), .corrupt, "seq bounds inverted"),
      (88, littleEndian(0), .corrupt, "empty header offsets mismatch"),
    ] as [(UInt64, [UInt8], PoolError.Kind, String)])
  func aHeaderThatLiesIsRefused(offset: UInt64, bytes: [UInt8], kind: PoolError.Kind, message: String) throws {
    let directory = try TemporaryDirectory()
    let path = try sample(directory)
    try patch(path, at: offset, bytes)
    let before = try contents(path)
    let error = failure { _ = try Pool.open(at: path) }
    #expect(error?.kind == kind)
    #expect(error?.message == message)
    #expect(error?.path == path)
    #expect(error?.hint != nil)
    let report = try Pool.validate(at: path)
    #expect(report.issue?.message == message)
    #expect(report.issue?.code == (kind == .usage ? .format : .corrupt))
    #expect(try contents(path) == before)
  }

  @Test(arguments: [(9, 0xAA), (36, 0xAA), (56, 0xAA), (104, 0xAA), (3000, 0xAA)] as [(UInt64, UInt8)])
  func reservedBytesAndFlagsAreIgnoredAndKept(offset: UInt64, byte: UInt8) throws {
    let directory = try TemporaryDirectory()
    let path = try sample(directory)
    try patch(path, at: offset, [byte])
    let pool = try Pool.open(at: path)
    try pool.append(bytes: payload(31, bytes: 20))
    #expect(try contents(path)[Int(offset)] == byte)
    #expect(try pool.validate().isHealthy)
  }

  @Test(arguments: [0, 1, 63, 4095, 4096, 4097, 8000, 8999])
  func aFileThatWasCutOffIsRefused(size: UInt64) throws {
    let directory = try TemporaryDirectory()
    let path = try sample(directory)
    try File(path, [.read, .write]).setSize(size)
    #expect(failure { _ = try Pool.open(at: path) }?.kind == .corrupt)
    #expect(try Pool.validate(at: path).issue?.code == .corrupt)
  }

  @Test func aFileThatIsCutOffWhileOpenIsNoticed() throws {
    let directory = try TemporaryDirectory()
    let path = try sample(directory)
    let pool = try Pool.open(at: path)
    try File(path, [.read, .write]).setSize(5000)
    #expect(failure { try pool.verifyPath(trust: 0) }?.message == "invalid file size")
  }

  /// Whatever is in the file, every operation ends in a result or an error, and readers change nothing.
  @Test(arguments: 0..<150)
  func flippedBitsNeverCrashAnything(seed: Int) throws {
    let directory = try TemporaryDirectory()
    let path = try sample(directory)
    var generator = SplitMix(seed: UInt64(seed))
    for _ in 0..<Int.random(in: 1...12, using: &generator) {
      // Twice as often where it hurts: the header's fields and the frames' headers.
      let offset =
        [
          UInt64.random(in: 0..<9000, using: &generator), UInt64.random(in: 64..<104, using: &generator),
          4224 + 272 * UInt64.random(in: 0..<16, using: &generator) + UInt64.random(in: 0..<64, using: &generator),
        ].randomElement(using: &generator) ?? 0
      try patch(path, at: offset, [UInt8.random(in: 0...255, using: &generator)])
    }
    try exercise(path)
  }

  @Test(arguments: 0..<50)
  func randomBytesBehindASoundHeaderNeverCrashAnything(seed: Int) throws {
    let directory = try TemporaryDirectory()
    let path = try sample(directory)
    var generator = SplitMix(seed: UInt64(seed))
    try patch(path, at: 4096, (4096..<9000).map { _ in UInt8.random(in: 0...255, using: &generator) })
    for field in [64, 72, 80] as [UInt64] {
      try patch(path, at: field, littleEndian(UInt64.random(in: 0..<600, using: &generator) * 8))
    }
    try exercise(path)
  }

  private func exercise(_ path: String) throws {
    let before = try contents(path)
    let report = try Pool.validate(at: path)
    #expect(try contents(path) == before)
    guard let pool = try? Pool.open(at: path) else {
      #expect(!report.isHealthy)
      return
    }
    _ = try? pool.info()
    for sequence in 0...40 as ClosedRange<UInt64> { _ = try? pool.bytes(of: sequence) }
    _ = try? pool.everything()
    for number in 1...60 as ClosedRange<UInt64> {
      do throws(PoolError) {
        try pool.append(bytes: payload(number, bytes: 150))
      } catch {
        // What no dead writer explains stays as it is, and is reported the same way again.
        #expect(error.kind == .corrupt || error.kind == .usage)
        return
      }
    }
    // The ring went round since: nothing of the damage is left.
    #expect(try pool.validate().isHealthy)
  }

  @Test func aDirectoryIsNotAPool() throws {
    let directory = try TemporaryDirectory()
    let path = directory.file("d.plasmite")
    try Paths.makeDirectories(path)
    let error = failure { _ = try Pool.open(at: path) }
    #expect(error?.kind == .io && error?.hint?.contains("directory") == true)
    #expect(failure { _ = try Pool.create(at: path) }?.kind == .alreadyExists)
    #expect(failure { try Pool.delete(at: path) } != nil)
    try Paths.removeDirectory(path)
  }

  @Test func aMissingPoolIsNotFound() throws {
    let directory = try TemporaryDirectory()
    let path = directory.file("none.plasmite")
    #expect(failure { _ = try Pool.open(at: path) }?.kind == .notFound)
    #expect(failure { _ = try Pool.validate(at: path) }?.kind == .notFound)
    #expect(failure { try Pool.delete(at: path) }?.message == "pool not found")
  }

  @Test func createLeavesAnExistingPoolAlone() throws {
    let directory = try TemporaryDirectory()
    let path = try sample(directory)
    let before = try contents(path)
    #expect(failure { _ = try Pool.create(at: path) }?.kind == .alreadyExists)
    #expect(try contents(path) == before)
    #expect(try Paths.list(directory.path) == ["sample.plasmite"])
  }

  @Test func anOversizeMessageIsRefusedAndChangesNothing() throws {
    let directory = try TemporaryDirectory()
    let path = try sample(directory)
    let pool = try Pool.open(at: path)
    let before = try contents(path)
    let error = failure { try pool.append(bytes: payload(1, bytes: 5000)) }
    #expect(error?.kind == .usage && error?.message == "payload exceeds ring capacity")
    #expect(error?.path == path && error?.sequence == 31)
    #expect(try contents(path)[..<3968] == before[..<3968])
  }
}
