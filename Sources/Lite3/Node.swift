/// Where the fields of a node are (pool format, section 14.2).
///
///     0        4                 32       36                 64               96
///     | type   | hashes          | counts | entry offsets    | child offsets  |
///     | + gen  | 7 x u32         | u32    | 7 x u32          | 8 x u32        |
///
/// `counts` holds the number of keys of this node in bits 0-2 and, in the root node of a container, the number of
/// elements of the whole container in bits 6-31. A node is a leaf when its first child is 0.
enum Node {
  static var size: Int { 96 }
  static var hashes: Int { 4 }
  static var counts: Int { 32 }
  static var entries: Int { 36 }
  static var children: Int { 64 }
  static var keys: Int { 7 }
  static var keysMask: UInt32 { 7 }
  static var elementsShift: UInt32 { 6 }
}

/// The type byte of a value (pool format, section 14.3).
public enum Lite3Kind: UInt8, Sendable {
  /// JSON null.
  case null = 0
  /// A boolean.
  case bool = 1
  /// A signed 64-bit integer.
  case int64 = 2
  /// A finite double.
  case double = 3
  /// Raw bytes; they have no JSON form and print as base64 text.
  case bytes = 4
  /// UTF-8 text.
  case string = 5
  /// Members by key.
  case object = 6
  /// Elements by index.
  case array = 7
}
