/// The bounds of this module, in one place (pool format, section 12).
public enum Lite3Limits {
  /// Bytes of one document.
  public static var documentBytes: Int { 256 << 20 }
  /// Containers nested in a document, the root included. In a message `data` is the second level.
  public static var depth: Int { 32 }
  /// Elements or members of one container: its node counts them in 26 bits.
  public static var elements: Int { (1 << 26) - 1 }
  /// Bytes of a key: its size, with the NUL, is stored in 30 bits.
  public static var keyBytes: Int { (1 << 30) - 2 }
  /// Attempts to find a free hash for a key before the container is given up.
  static var probes: UInt32 { 128 }
  /// Steps down from the root node of a container.
  static var treeDepth: Int { 9 }
  /// Memory that an encoder or writer keeps between documents.
  static var keptBytes: Int { 4 << 20 }
}
