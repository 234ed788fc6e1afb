extension RawSpan {
  /// The byte at `offset`, which must lie inside.
  @inlinable
  package func byte(at offset: Int) -> UInt8 {
    precondition(offset >= 0 && offset < byteCount)
    return unsafeLoad(fromUncheckedByteOffset: offset, as: UInt8.self)
  }
}
