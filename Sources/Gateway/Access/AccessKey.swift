internal import Documents
package import Platform

/// A key that a program shows instead of the token: it may be for some pools only, for reading or writing only, and for a time.
///
/// What is kept is everything but the secret itself.
package struct AccessKey: Sendable {
  /// 16 hexadecimal digits, by which people name the key. They are part of the secret's text and no secret.
  package let id: String
  /// What people call its user.
  package let name: String
  /// The pools that it is for: those that any of these covers.
  package let pools: [PoolPattern]
  /// What may be done with them.
  package let permissions: Permissions
  /// When it was made, in nanoseconds since 1970-01-01 UTC.
  package let created: UInt64
  /// When it stops to work, in nanoseconds since 1970-01-01 UTC; nil for never.
  package let expires: UInt64?
  /// Whether it was taken back.
  package var isRevoked: Bool
  /// Of the whole text `wk1.ID.SECRET`.
  package let digest: SecretDigest

  /// What a key allows.
  package struct Permissions: OptionSet, Sendable {
    package let rawValue: UInt8
    package init(rawValue: UInt8) { self.rawValue = rawValue }

    package static let read = Permissions(rawValue: 1)
    package static let write = Permissions(rawValue: 2)

    /// `read`, `write`
    package var names: [String] {
      (contains(.read) ? ["read"] : []) + (contains(.write) ? ["write"] : [])
    }
  }

  /// A key as it was stored.
  package init(
    id: String, name: String, pools: [PoolPattern], permissions: Permissions, created: UInt64, expires: UInt64?,
    isRevoked: Bool, digest: SecretDigest
  ) {
    self.id = id
    self.name = name
    self.pools = pools
    self.permissions = permissions
    self.created = created
    self.expires = expires
    self.isRevoked = isRevoked
    self.digest = digest
  }

  /// Whether it works at a moment, in nanoseconds since 1970-01-01 UTC.
  package func isValid(at now: UInt64) -> Bool {
    if isRevoked { return false }
    return expires.map { now < $0 } ?? true
  }
}

extension AccessKey {
  /// How the text of every key begins.
  static let prefix = "wk1."

  /// A new key and the text that its user needs. The text is nowhere else.
  ///
  /// - Throws: When the system has no random numbers.
  package static func make(
    _ name: String, pools: [PoolPattern], permissions: Permissions, created: UInt64, expires: UInt64?
  ) throws(SystemError) -> (key: AccessKey, secret: String) {
    let id = Hexadecimal.text(try randomBytes(8))
    let secret = prefix + id + "." + Hexadecimal.text(try randomBytes(32))
    let key = AccessKey(
      id: id, name: name, pools: pools, permissions: permissions, created: created, expires: expires, isRevoked: false,
      digest: SecretDigest(of: Array(secret.utf8)))
    return (key, secret)
  }

  /// Bytes from the system's cryptographic source; `count` is a multiple of 8.
  package static func randomBytes(_ count: Int) throws(SystemError) -> [UInt8] {
    var bytes: [UInt8] = []
    while bytes.count < count {
      let word = try SystemRandom.word()
      for shift in stride(from: UInt64(0), to: 64, by: 8) { bytes.append(UInt8(truncatingIfNeeded: word >> shift)) }
    }
    return bytes
  }
}
