/// The bounds of this module, in one place.
public enum JSONLimits {
  /// Containers nested in a text, the outermost included: as in the pool format, section 12.
  public static var depth: Int { 127 }
  /// Bytes of one text. Offsets in the parser's buffers fit 32 bits below it.
  public static var textBytes: Int { 1 << 30 }
}
