internal import CPlatform

/// How many files and sockets this process may have open.
public enum OpenLimit {
  /// Raises it as far as the system allows, and returns it; a number that is never reached where there is none.
  @discardableResult
  public static func raise() -> UInt64 { platform_raise_open_limit() }
}
