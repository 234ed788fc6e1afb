public import CPlatform

/// Atomic access to aligned little-endian words of mapped memory that other processes change at the same time.
///
/// The callers keep the word inside their mapping and aligned to its size.
extension UnsafeMutableRawPointer {
  /// The 64-bit word at `offset`, with no ordering.
  @inlinable @inline(__always)
  package func relaxedWord(at offset: Int) -> UInt64 {
    platform_load_relaxed_u64((self + offset).assumingMemoryBound(to: UInt64.self))
  }

  /// The 64-bit word at `offset`; later reads see what was written before it.
  @inlinable @inline(__always)
  package func acquireWord(at offset: Int) -> UInt64 {
    platform_load_acquire_u64((self + offset).assumingMemoryBound(to: UInt64.self))
  }

  /// Stores the 64-bit word at `offset` after everything written before.
  @inlinable @inline(__always)
  package func releaseWord(_ value: UInt64, at offset: Int) {
    platform_store_release_u64((self + offset).assumingMemoryBound(to: UInt64.self), value)
  }

  /// Stores the 32-bit word at `offset` after everything written before.
  @inlinable @inline(__always)
  package func releaseHalfWord(_ value: UInt32, at offset: Int) {
    platform_store_release_u32((self + offset).assumingMemoryBound(to: UInt32.self), value)
  }

  /// The 32-bit word at `offset`, with no ordering.
  @inlinable @inline(__always)
  package func relaxedHalfWord(at offset: Int) -> UInt32 {
    platform_load_relaxed_u32((self + offset).assumingMemoryBound(to: UInt32.self))
  }

  /// Stores the 32-bit word at `offset` with no ordering.
  @inlinable @inline(__always)
  package func relaxedHalfWord(_ value: UInt32, storedAt offset: Int) {
    platform_store_relaxed_u32((self + offset).assumingMemoryBound(to: UInt32.self), value)
  }
}

/// Orderings and hints of the processor.
public enum Processor {
  /// Stores before it are seen before stores after it.
  @inlinable @inline(__always)
  public static func releaseFence() { platform_fence_release() }

  /// Loads after it see what was stored before what an earlier load saw.
  @inlinable @inline(__always)
  public static func acquireFence() { platform_fence_acquire() }

  /// Says that this is a loop that waits.
  @inlinable @inline(__always)
  public static func pause() { platform_pause() }

  /// Asks for the bytes at `address` and those of the three cache lines behind it; never faults.
  @inlinable @inline(__always)
  public static func prefetch(_ address: UnsafeRawPointer) { platform_prefetch(address) }

  /// How many threads run at once here.
  public static var count: Int { Int(platform_processor_count()) }

  /// CRC-32C of `bytes`, going on from that of what came before them.
  @inlinable @inline(__always)
  public static func crc32c(_ bytes: UnsafeRawBufferPointer, after seed: UInt32 = 0) -> UInt32 {
    platform_crc32c(seed, bytes.baseAddress, bytes.count)
  }
}
