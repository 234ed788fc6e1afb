internal import CPlatform

/// The bytes of a file as memory, shared with every process that maps it. Unmapped when the value goes away.
///
/// Only types that own the rules of a format should touch `base`: other processes change these bytes at any time, and a
/// file that is shortened by somebody makes the bytes beyond its new end fatal to touch.
public struct Mapping: ~Copyable, @unchecked Sendable {
  /// The first byte, aligned to a page.
  public let base: UnsafeMutableRawPointer
  /// Bytes mapped.
  public let count: Int

  /// Maps the first `count` bytes of `file`; 0 < count, not beyond the file's end.
  public init(_ file: borrowing File, count: Int, writable: Bool) throws(SystemError) {
    var mapping = platform_mapping()
    try check(platform_map(file.handle, count, writable, &mapping))
    guard let base = mapping.base else { throw SystemError(.io) }
    self.base = UnsafeMutableRawPointer(base)
    self.count = mapping.length
  }

  deinit {
    platform_unmap(platform_mapping(base: base.assumingMemoryBound(to: UInt8.self), length: count))
  }

  /// Returns when these bytes are on stable storage. `file` is the file that was mapped.
  public borrowing func sync(_ file: borrowing File, offset: Int, count: Int) throws(SystemError) {
    let mapping = platform_mapping(base: base.assumingMemoryBound(to: UInt8.self), length: self.count)
    try check(platform_map_sync(mapping, file.handle, offset, count))
  }
}
