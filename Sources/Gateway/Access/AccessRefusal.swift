package import Documents

/// Why a request is not served, and how to say so.
package struct AccessRefusal: Error, Sendable {
  /// 401 where another credential may help, else 403.
  package let status: UInt16
  /// Of the kind Permission.
  package let failure: Failure

  /// What the header `WWW-Authenticate` must say (RFC 9110, section 11.6.1); nil where the answer has none.
  package var challenge: String? { status == 401 ? "Bearer realm=\"weir\"" : nil }

  static func unauthorized(_ message: String, hint: String) -> AccessRefusal {
    AccessRefusal(status: 401, failure: Failure(.permission, message, hint: hint))
  }

  static func forbidden(_ message: String, hint: String? = nil) -> AccessRefusal {
    AccessRefusal(
      status: 403,
      failure: Failure(
        .permission, "forbidden: \(message)", hint: hint ?? "Ask whoever runs the server for more rights."))
  }
}
