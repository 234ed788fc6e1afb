import Platform
import Pools

/// A directory of one test, removed with everything in it when the value goes away.
package final class TemporaryDirectory {
  /// Where it is.
  package let path: String

  /// A new, empty one.
  package init() throws {
    path = Paths.join(try Paths.temporaryDirectory(), "weir-test-\(Process.id)-\(try SystemRandom.word())")
    try Paths.makeDirectories(path, privately: true)
  }

  deinit { Self.removeTree(path) }

  /// The path of a file in it.
  package func file(_ name: String) -> String { Paths.join(path, name) }

  private static func removeTree(_ path: String) {
    for name in (try? Paths.list(path)) ?? [] {
      let entry = Paths.join(path, name)
      // Deleting a pool also removes its semaphore.
      if (try? Pool.delete(at: entry)) == nil { removeTree(entry) }
    }
    try? Paths.removeDirectory(path)
  }
}

/// All bytes of a file.
package func contents(_ path: String) throws -> [UInt8] {
  let file = try File(path, .read)
  var bytes = [UInt8](repeating: 0, count: Int(try file.info().size))
  let got = try bytes.withUnsafeMutableBytes { try file.read(at: 0, into: $0) }
  return Array(bytes[..<got])
}

/// Makes or replaces a file.
package func write(_ bytes: [UInt8], to path: String) throws {
  try File(path, [.write, .create, .truncate]).write(bytes)
}

/// Changes bytes of a file that is there.
package func patch(_ path: String, at offset: UInt64, _ bytes: [UInt8]) throws {
  try File(path, [.read, .write]).write(bytes, at: offset)
}

package func littleEndian(_ value: UInt64) -> [UInt8] { (0..<8).map { UInt8(truncatingIfNeeded: value >> (8 * $0)) } }

/// A payload that says which message it is and cannot be mistaken for part of another.
package func payload(_ number: UInt64, bytes count: Int) -> [UInt8] {
  var generator = SplitMix(seed: number)
  var bytes = littleEndian(number)
  while bytes.count < count { bytes.append(UInt8(truncatingIfNeeded: generator.next())) }
  return Array(bytes[..<count])
}

/// A small random number generator that a seed repeats.
package struct SplitMix: RandomNumberGenerator {
  private var state: UInt64
  /// The same numbers for the same seed.
  package init(seed: UInt64) { state = seed &* 0x9E37_79B9_7F4A_7C15 }
  package mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var z = state
    z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
    z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
    return z ^ (z >> 31)
  }
}

/// The error that `body` ends with, if it is one of a pool.
package func failure(_ body: () throws -> Void) -> PoolError? {
  do {
    try body()
    return nil
  } catch {
    return error as? PoolError
  }
}

/// Waits until something is so; false when that takes longer than anybody wants to wait.
package func eventually(within seconds: Double = 30, _ isSo: () throws -> Bool) rethrows -> Bool {
  // Nobody signals it: between two looks this only lets others run.
  guard let lock = try? Lock(), let pause = try? Condition() else { return try isSo() }
  lock.lock()
  defer { lock.unlock() }
  let deadline = Deadline.after(nanoseconds: Int64(seconds * 1e9))
  while try !isSo() {
    if deadline.hasPassed { return try isSo() }
    _ = pause.wait(lock, until: .after(nanoseconds: 200_000))
  }
  return true
}
