internal import Platform

/// The fixed part of a pool's header, as it stands in the file.
struct PoolHeader {
  private let base: UnsafeRawPointer

  /// The header at `base`: 4096 readable bytes.
  init(_ base: UnsafeRawPointer) { self.base = base }

  private func word(_ offset: Int) -> UInt64 { base.loadUnaligned(fromByteOffset: offset, as: UInt64.self) }
  private func half(_ offset: Int) -> UInt32 { base.loadUnaligned(fromByteOffset: offset, as: UInt32.self) }

  /// The geometry the header tells, after rows 2 to 11 of the pool format's section 2.3, in their order.
  ///
  /// - Throws: `.usage` for another version of the format, else `.corrupt`.
  func geometry(fileSize: UInt64, path: String) throws(PoolError) -> PoolGeometry {
    guard half(Layout.Header.magic) == Layout.magic else { throw corrupt("bad magic", path) }
    let version = half(Layout.Header.version)
    guard version == Layout.version else {
      throw PoolError(
        .usage, "unsupported pool format version \(version) (supported: \(Layout.version))",
        hint: version > Layout.version
          ? "a newer program made this pool: upgrade weir"
          : "an older program made this pool: copy its messages with that program into a new pool", path: path)
    }
    guard base.load(fromByteOffset: Layout.Header.endianness, as: UInt8.self) == 1 else {
      throw corrupt("unsupported endianness", path)
    }
    guard word(Layout.Header.fileSize) == fileSize, fileSize != 0 else { throw corrupt("invalid file size", path) }
    guard word(Layout.Header.indexOffset) == UInt64(Layout.headerBytes) else {
      throw corrupt("invalid index offset", path)
    }
    let capacity = half(Layout.Header.indexCapacity)
    let ringOffset = word(Layout.Header.ringOffset)
    guard ringOffset >= UInt64(Layout.headerBytes) else { throw corrupt("invalid ring offset", path) }
    guard ringOffset == UInt64(Layout.headerBytes) + UInt64(capacity) * UInt64(Layout.slotBytes) else {
      throw corrupt("ring offset mismatch", path)
    }
    let (end, overflow) = ringOffset.addingReportingOverflow(word(Layout.Header.ringSize))
    guard !overflow, end == fileSize else { throw corrupt("ring bounds mismatch", path) }
    guard word(Layout.Header.ringSize) != 0 else { throw corrupt("ring size is zero", path) }
    return PoolGeometry(fileSize: fileSize, indexCapacity: capacity, ringOffset: ringOffset)
  }

  /// Whether the fixed part still says what it said when the file was opened.
  func check(matches geometry: PoolGeometry, path: String) throws(PoolError) {
    guard try self.geometry(fileSize: geometry.fileSize, path: path) == geometry else {
      throw corrupt("ring offset mismatch", path)
    }
  }

  private func corrupt(_ message: StaticString, _ path: String) -> PoolError {
    PoolError(
      .corrupt, message.text, hint: "this is not a pool, or its header is damaged: run `weir doctor` on it", path: path)
  }

  /// The header of a new pool: 4096 bytes.
  static func new(_ geometry: PoolGeometry) -> [UInt8] {
    var bytes = [UInt8](repeating: 0, count: Layout.headerBytes)
    bytes.withUnsafeMutableBytes { header in
      header.storeBytes(of: Layout.magic, toByteOffset: Layout.Header.magic, as: UInt32.self)
      header.storeBytes(of: Layout.version, toByteOffset: Layout.Header.version, as: UInt32.self)
      header.storeBytes(of: 1, toByteOffset: Layout.Header.endianness, as: UInt8.self)
      header.storeBytes(of: geometry.fileSize, toByteOffset: Layout.Header.fileSize, as: UInt64.self)
      header.storeBytes(of: geometry.indexOffset, toByteOffset: Layout.Header.indexOffset, as: UInt64.self)
      header.storeBytes(of: geometry.indexCapacity, toByteOffset: Layout.Header.indexCapacity, as: UInt32.self)
      header.storeBytes(of: geometry.ringOffset, toByteOffset: Layout.Header.ringOffset, as: UInt64.self)
      header.storeBytes(of: geometry.ringSize, toByteOffset: Layout.Header.ringSize, as: UInt64.self)
    }
    return bytes
  }
}
