/// Why a command line cannot be understood.
package struct ArgumentError: Error, Sendable {
  /// One line, lower case, no full stop.
  package let message: String
  package let hint: String
  /// What had been understood before; its global options still say how the error is to be shown.
  package let soFar: Invocation
}

/// Why one value cannot be understood.
package struct ValueError: Error, Sendable, Equatable {
  package let message: String
  package let hint: String

  package init(_ message: String, hint: String) {
    self.message = message
    self.hint = hint
  }
}
