public import Platform

/// Buffers of one size that streams borrow while they have something to say, so that an idle stream has none.
///
/// Safe from any thread. A few are kept for the next; the rest goes back to the system.
public final class ChunkPool: @unchecked Sendable {
  /// Bytes of one chunk.
  public static let chunkSize = 32 << 10
  /// Chunks that are kept when nobody has them.
  static let kept = 256

  private let lock: Lock
  private var free: [UnsafeMutableRawPointer] = []

  /// A pool without chunks; they are made when they are asked for.
  public init() throws(SystemError) {
    lock = try Lock()
    free.reserveCapacity(Self.kept)
  }

  deinit { for chunk in free { chunk.deallocate() } }

  /// A chunk whose bytes are anything. Whoever has it gives it back to the same pool.
  func take() -> UnsafeMutableRawPointer {
    lock.lock()
    let reused = free.popLast()
    lock.unlock()
    return reused ?? .allocate(byteCount: Self.chunkSize, alignment: 64)
  }

  func give(_ chunk: UnsafeMutableRawPointer) {
    lock.lock()
    let keeps = free.count < Self.kept
    if keeps { free.append(chunk) }
    lock.unlock()
    if !keeps { chunk.deallocate() }
  }
}
