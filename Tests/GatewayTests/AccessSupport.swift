import Documents
import Gateway
import Platform

/// The failure that `body` ends with; nil if it does not.
func failure(_ body: () throws(Failure) -> Void) -> Failure? {
  do throws(Failure) {
    try body()
    return nil
  } catch {
    return error
  }
}

/// The refusal that `body` ends with; nil if it does not.
func refusal(_ body: () throws(AccessRefusal) -> Void) -> AccessRefusal? {
  do throws(AccessRefusal) {
    try body()
    return nil
  } catch {
    return error
  }
}

/// Settings with some members changed.
func settings(_ change: (inout GatewaySettings) -> Void = { _ in }) -> GatewaySettings {
  var settings = GatewaySettings()
  change(&settings)
  return settings
}

/// An address that is known to be one.
func bind(_ text: String) -> BindAddress {
  guard let address = try? BindAddress(parsing: text) else { return .standard }
  return address
}

/// A key of a test, and its secret.
func key(
  _ name: String = "test", pools: [String] = ["*"], _ permissions: AccessKey.Permissions = [.read, .write],
  expires: UInt64? = nil
) throws -> (key: AccessKey, secret: String) {
  try AccessKey.make(
    name, pools: pools.map { try PoolPattern(parsing: $0) }, permissions: permissions, created: 1, expires: expires)
}

/// Some moment, in nanoseconds since 1970-01-01 UTC.
let noon: UInt64 = 1_800_000_000_000_000_000
let second: UInt64 = 1_000_000_000
