/// How JSON text is laid out.
public struct JSONStyle: Equatable, Sendable {
  /// Whether members and elements get lines of their own, indented by two spaces.
  public var isPretty: Bool
  /// Whether tokens are coloured by ANSI escapes.
  public var isColored: Bool

  /// Makes a style.
  public init(isPretty: Bool = false, isColored: Bool = false) {
    self.isPretty = isPretty
    self.isColored = isColored
  }

  /// No white space, no colour: one line a value.
  public static var compact: JSONStyle { JSONStyle() }
  /// Two-space indent, `": "`, empty containers as `[]` and `{}`.
  public static var pretty: JSONStyle { JSONStyle(isPretty: true) }
}

/// ANSI foreground colours of the parts of JSON.
package enum JSONColor: UInt8 {
  case key = 36
  case string = 32
  case number = 33
  case boolean = 35
  /// Null and punctuation.
  case plain = 39
}
