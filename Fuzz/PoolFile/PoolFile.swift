import Platform
import Pools
import Promise

/// Any bytes as a pool file: opening, walking, fetching, checking and appending end in a value or an error, looking changes
/// nothing, and what was healthy stays healthy.
///
/// An input is one byte of choices, the 104 bytes of a header, and what follows the header's 4096 bytes in the file.
enum PoolFile {
  private static let headerBytes = 104
  private static let busyWord = 3968

  /// What the first byte asks for.
  private struct Choices {
    let byte: UInt8
    /// The fixed fields are made to fit the length, so that the rest gets looked at.
    var fitsGeometry: Bool { byte & 1 == 0 }
    /// A writer died at work.
    var showsADeath: Bool { byte & 2 != 0 }
    var slots: UInt32 { byte & 4 != 0 ? 4 : 0 }
  }

  static func run(_ input: UnsafeRawBufferPointer) {
    guard input.count > 1 + headerBytes else { return }
    let choices = Choices(byte: input[0])
    var file = [UInt8](repeating: 0, count: 4096)
    for index in 0..<headerBytes { file[index] = input[1 + index] }
    file += input[(1 + headerBytes)...]
    if choices.fitsGeometry { fit(&file, slots: choices.slots) }
    if choices.showsADeath { file[busyWord] = 1 }
    do {
      try exercise(file)
    } catch {
      promise(false, "the machine does what it is asked")
    }
  }

  private static func fit(_ file: inout [UInt8], slots: UInt32) {
    let ring = 4096 + 16 * UInt64(slots)
    let size = UInt64(file.count)
    let fields: [(Int, UInt64)] = [
      (0, 0x3_4D53_4C50), (8, 1), (16, size), (24, 4096), (32, UInt64(slots)), (40, ring), (48, size &- ring),
    ]
    for (offset, value) in fields {
      for byte in 0..<8 { file[offset + byte] = UInt8(truncatingIfNeeded: value >> UInt64(8 * byte)) }
    }
  }

  private static func exercise(_ bytes: [UInt8]) throws {
    let path = Paths.join(try Paths.temporaryDirectory(), "weir-fuzz-\(Process.id).plasmite")
    try File(path, [.write, .create, .truncate]).write(bytes)
    defer { try? Pool.delete(at: path) }
    let report = try Pool.validate(at: path)
    promise(try contents(path) == bytes, "looking changes nothing")
    guard let pool = try? Pool.open(at: path) else {
      promise(!report.isHealthy, "what is healthy can be opened")
      return
    }
    let isWhole = read(pool)
    promise(isWhole || !report.isHealthy, "what is healthy can be read")
    for round in 0..<6 {
      let message = [UInt8](repeating: UInt8(round), count: 40 * round)
      do throws(PoolError) {
        _ = try pool.append(message.span.bytes, time: UInt64(round))
      } catch {
        promise(error.kind == .usage || (error.kind == .corrupt && !report.isHealthy), "an append says why not")
      }
    }
    if report.isHealthy { promise(try pool.validate().isHealthy, "what was healthy stays healthy") }
  }

  /// Whether everything that is retained can be read, in order and one by one.
  private static func read(_ pool: Pool) -> Bool {
    do throws(PoolError) {
      _ = try pool.info()
      guard let bounds = try pool.bounds() else { return true }
      var count: UInt64 = 0
      var cursor = try pool.makeCursor(from: .oldest)
      while true {
        let batch = try cursor.forEach { frame in
          frame.payload.withUnsafeBytes { bytes in for byte in bytes { count &+= UInt64(byte) &- UInt64(byte) } }
          count += 1
          return true
        }
        if batch.caughtUp { break }
      }
      for sequence in [bounds.lowerBound, bounds.upperBound] { try pool.withMessage(sequence) { _ = $0.time } }
      return count == bounds.upperBound - bounds.lowerBound + 1
    } catch {
      return false
    }
  }

  private static func contents(_ path: String) throws -> [UInt8] {
    let file = try File(path, .read)
    var bytes = [UInt8](repeating: 0, count: Int(try file.info().size))
    _ = try bytes.withUnsafeMutableBytes { try file.read(at: 0, into: $0) }
    return bytes
  }
}

/// What libFuzzer calls with one input after the other.
@_cdecl("LLVMFuzzerTestOneInput")
public func testOneInput(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
  PoolFile.run(UnsafeRawBufferPointer(start: start, count: count))
  return 0
}
