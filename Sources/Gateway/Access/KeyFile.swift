package import Documents
internal import JSON
internal import Platform

/// The file of access keys as bytes. Pure.
///
///     {"version":1,"keys":[{"id":"…","name":"…","pools":["…"],"permissions":["read"],"created_at":"…",
///      "expires_at":null,"revoked":false,"secret_sha256":"…"}]}
///
/// Whatever is missing or not understood makes the whole file unusable: half of a list of keys would be worse than none.
enum KeyFile {
  /// The keys in the order of the file; nil if it is no such file, whole and of this version.
  static func keys(_ content: [UInt8]) -> [AccessKey]? {
    var parser = JSONParser()
    guard let tape = try? parser.parse(content.span.bytes),
      tape.member("version", of: tape.root).flatMap({ tape.unsigned(at: $0) }) == 1,
      let list = tape.member("keys", of: tape.root), tape.kind(at: list) == .array
    else { return nil }
    var keys: [AccessKey] = []
    var isSound = true
    tape.forEachElement(of: list) { element in
      if let key = key(tape, element) { keys.append(key) } else { isSound = false }
    }
    return isSound && areDistinct(keys) ? keys : nil
  }

  static func content(_ keys: [AccessKey]) -> [UInt8] {
    let list = keys.map { key in
      Report.object(
        key.members + [("secret_sha256", .text(Hexadecimal.text(key.digest.bytes)))])
    }
    let line = Report.object([("version", .whole(1 as UInt64)), ("keys", .list(list))]).line(.pretty)
    return line.output.withUnsafeBytes { Array($0) }
  }

  private static func key(_ tape: borrowing JSONTape, _ index: Int) -> AccessKey? {
    func text(_ name: StaticString) -> String? { tape.member(name, of: index).flatMap { tape.text(at: $0) } }
    guard let id = text("id"), id.utf8.count == 16, Hexadecimal.bytes(id) != nil, let name = text("name"),
      let digest = text("secret_sha256").flatMap({ SecretDigest(hexadecimal: $0) }),
      let created = text("created_at").flatMap(moment),
      let isRevoked = tape.member("revoked", of: index).flatMap({ tape.bool(at: $0) }),
      let permissions = permissions(texts(tape, "permissions", index)),
      let pools = patterns(texts(tape, "pools", index)),
      let expiry = tape.member("expires_at", of: index)
    else { return nil }
    var expires: UInt64?
    if tape.kind(at: expiry) != .null {
      guard let end = tape.text(at: expiry).flatMap(moment) else { return nil }
      expires = end
    }
    return AccessKey(
      id: id, name: name, pools: pools, permissions: permissions, created: created, expires: expires,
      isRevoked: isRevoked, digest: digest)
  }

  private static func texts(_ tape: borrowing JSONTape, _ name: StaticString, _ index: Int) -> [String]? {
    guard let list = tape.member(name, of: index), tape.kind(at: list) == .array else { return nil }
    var texts: [String] = []
    var isSound = true
    tape.forEachElement(of: list) { element in
      if let text = tape.text(at: element) { texts.append(text) } else { isSound = false }
    }
    return isSound && !texts.isEmpty ? texts : nil
  }

  private static func permissions(_ names: [String]?) -> AccessKey.Permissions? {
    var permissions: AccessKey.Permissions = []
    for name in names ?? [] {
      if name.utf8.elementsEqual("read".utf8) {
        permissions.insert(.read)
      } else if name.utf8.elementsEqual("write".utf8) {
        permissions.insert(.write)
      } else {
        return nil
      }
    }
    return permissions.isEmpty ? nil : permissions
  }

  private static func patterns(_ texts: [String]?) -> [PoolPattern]? {
    var patterns: [PoolPattern] = []
    for text in texts ?? [] {
      guard let pattern = try? PoolPattern(parsing: text) else { return nil }
      patterns.append(pattern)
    }
    return patterns.isEmpty ? nil : patterns
  }

  private static func moment(_ text: String) -> UInt64? {
    let bytes = Array(text.utf8)
    return try? Timestamp.nanoseconds(bytes.span.bytes)
  }

  private static func areDistinct(_ keys: [AccessKey]) -> Bool {
    let ids = keys.map { Array($0.id.utf8) }.sorted { $0.lexicographicallyPrecedes($1) }
    return !zip(ids, ids.dropFirst()).contains { $0 == $1 }
  }
}

extension AccessKey {
  /// What everybody may know of a key; the members of the report that lists keys.
  package var members: [(String, Report)] {
    [
      ("id", .text(id)), ("name", .text(name)), ("pools", .list(pools.map { .text($0.text) })),
      ("permissions", .list(permissions.names.map { .text($0) })), ("created_at", .time(created)),
      ("expires_at", .time(expires)), ("revoked", .bool(isRevoked)),
    ]
  }
}
