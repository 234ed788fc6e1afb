import CSimdjson

/// Validity of UTF-8.
public enum UTF8Check {
  /// Whether the bytes are valid UTF-8.
  public static func isValid(_ bytes: RawSpan) -> Bool {
    bytes.withUnsafeBytes { bytes in
      guard let start = bytes.baseAddress else { return true }
      return isValid(start, count: bytes.count)
    }
  }

  /// Whether `count` bytes are valid UTF-8.
  package static func isValid(_ start: UnsafeRawPointer, count: Int) -> Bool {
    csimdjson_is_utf8(start.assumingMemoryBound(to: UInt8.self), count)
  }
}
