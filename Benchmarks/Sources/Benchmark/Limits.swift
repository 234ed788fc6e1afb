import Platform

/// What no implementation can beat: an uncontended lock pair and a copy of the same bytes into a mapped file.
final class LockAndCopy {
  private let file: File
  private let mapping: Mapping
  private let size: Int

  init(_ path: String, size: Int = 1 << 20) throws {
    self.size = size
    let file = try File(path, [.read, .write, .create])
    try file.setSize(UInt64(size))
    try file.reserve(UInt64(size))
    mapping = try Mapping(file, count: size, writable: true)
    self.file = file
  }

  /// Nanoseconds for one lock pair and one copy of `bytes`.
  func measure(_ bytes: [UInt8], count: Int) throws -> Double {
    let step = (bytes.count + 79) & ~7
    let places = size / step
    return try nanoseconds(for: count) {
      for index in 0..<count {
        try file.lock(.exclusive)
        copy(bytes, to: (index % places) * step)
        file.unlock()
      }
    }
  }

  /// Nanoseconds for one copy alone.
  func measureCopy(_ bytes: [UInt8], count: Int) -> Double {
    let step = (bytes.count + 79) & ~7
    let places = size / step
    return nanoseconds(for: count) {
      for index in 0..<count { copy(bytes, to: (index % places) * step) }
    }
  }

  private func copy(_ bytes: [UInt8], to offset: Int) {
    bytes.withUnsafeBytes { source in
      guard let start = source.baseAddress else { return }
      (mapping.base + offset).copyMemory(from: start, byteCount: source.count)
    }
  }
}
