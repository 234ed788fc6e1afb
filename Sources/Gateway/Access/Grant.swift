internal import Documents

/// What whoever sent a request may do.
package struct Grant: Sendable {
  /// The two kinds of things that can be done with a pool. Making and deleting one is writing.
  package enum Operation: UInt8, Sendable { case read, write }

  /// By what it was given.
  package enum Holder: Sendable {
    /// Nobody was asked for anything.
    case anyone
    /// The token.
    case token
    /// An access key.
    case key(id: String, name: String)
  }

  /// By what it was given.
  package let holder: Holder
  /// When it ends, in nanoseconds since 1970-01-01 UTC; nil for never.
  package let expires: UInt64?
  /// What the server does for anybody at all.
  let mode: GatewaySettings.AccessMode
  let permissions: AccessKey.Permissions
  let pools: [PoolPattern]
  /// Of the secret that was shown; nil for anyone.
  let proof: SecretDigest?

  /// For routes that ask for none: it allows nothing.
  static let nothing = Grant(.anyone, mode: .readOnly, permissions: [], proof: nil)

  init(anyone mode: GatewaySettings.AccessMode) {
    self.init(.anyone, mode: mode, proof: nil)
  }

  init(token proof: SecretDigest, mode: GatewaySettings.AccessMode) {
    self.init(.token, mode: mode, proof: proof)
  }

  init(key: AccessKey, mode: GatewaySettings.AccessMode) {
    holder = .key(id: key.id, name: key.name)
    expires = key.expires
    self.mode = mode
    permissions = key.permissions
    pools = key.pools
    proof = key.digest
  }

  private static let everyPool: [PoolPattern] = [.all]

  private init(
    _ holder: Holder, mode: GatewaySettings.AccessMode, permissions: AccessKey.Permissions = [.read, .write],
    proof: SecretDigest?
  ) {
    self.holder = holder
    expires = nil
    self.mode = mode
    self.permissions = permissions
    pools = Self.everyPool
    self.proof = proof
  }

  /// Whether this may be done with the pool of this name.
  package func allows(_ operation: Operation, pool: String) -> Bool { refusal(operation, pool: pool) == nil }

  /// Why this may not be done; nil if it may.
  ///
  /// - Parameter pool: the pool's name; nil for what is about no pool in particular. Whoever then lists pools leaves out those
  ///   that `allows` refuses.
  package func refusal(_ operation: Operation, pool: String?) -> AccessRefusal? {
    switch operation {
    case .read:
      if !mode.allowsReading { return .forbidden("access mode disallows read operations") }
      if !permissions.contains(.read) { return .forbidden("access key disallows read operations") }
    case .write:
      if !mode.allowsWriting { return .forbidden("access mode disallows write operations") }
      if !permissions.contains(.write) { return .forbidden("access key disallows write operations") }
    }
    guard let pool, !pools.contains(where: { $0.covers(pool) }) else { return nil }
    return .forbidden("access key is not for this pool")
  }

  /// For logs: `anyone`, `token`, `key ID`. No secret and nothing that a user chose.
  package var label: String {
    switch holder {
    case .anyone: "anyone"
    case .token: "token"
    case .key(let id, _): "key \(id)"
    }
  }
}
