package import Documents
internal import Platform

/// The access keys of one pool directory, in a file inside it: `.weir-keys.json`, which holds hashes and no secrets.
///
/// Any number of processes may use it: who changes it holds a lock, in `.weir-keys.lock`, and replaces it in one step; who reads
/// it sees the old keys or the new ones.
package struct KeyStore: Sendable {
  /// The most keys that are kept, those that no longer work included.
  package static let keyLimit = 4096
  /// The most bytes of a key's name.
  package static let nameLimit = 100
  /// What a file that cannot be used is called in errors.
  static let name = "access key file"
  /// How long to wait for another process, in nanoseconds.
  private static let patience: Int64 = 10_000_000_000

  /// The file.
  package let path: String
  private let directory: String

  /// The store of a pool directory, which need not exist.
  package init(directory: String) {
    self.directory = directory
    path = Paths.join(directory, ".weir-keys.json")
  }

  /// All keys, oldest first; none if there is no file.
  ///
  /// - Throws: Corrupt for a file that is not as it was written; Permission when others may read or write it; Io.
  package func keys() throws(Failure) -> [AccessKey] {
    guard exists else { return [] }
    return try Self.keys(try PrivateFile.read(path, Self.name).content, path: path)
  }

  /// Makes a key and returns it with the text that its user needs, which is kept nowhere.
  ///
  /// A full store first forgets keys that no longer work, oldest first.
  ///
  /// - Parameters:
  ///   - name: what to call its user: 1 to `nameLimit` bytes without control characters.
  ///   - now, expires: nanoseconds since 1970-01-01 UTC.
  /// - Throws: Usage for a name that cannot be and for a store full of keys that work; Busy, Corrupt, Permission, Io.
  package func create(
    _ name: String, pools: [PoolPattern], permissions: AccessKey.Permissions, now: UInt64, expires: UInt64?
  ) throws(Failure) -> (key: AccessKey, secret: String) {
    let isPlain = name.utf8.allSatisfy { $0 >= 0x20 && $0 != 0x7F }
    guard isPlain, (1...Self.nameLimit).contains(name.utf8.count) else {
      throw Failure(
        .usage, "invalid key name",
        hint: "Name whoever will use the key, in at most \(Self.nameLimit) bytes without control characters.")
    }
    let made: (key: AccessKey, secret: String)
    do throws(SystemError) {
      made = try AccessKey.make(name, pools: pools, permissions: permissions, created: now, expires: expires)
    } catch {
      throw Failure(.internal, "failed to make an access key", causes: [error.message])
    }
    try change { (keys) throws(Failure) in
      if keys.count >= Self.keyLimit, let dead = keys.firstIndex(where: { !$0.isValid(at: now) }) {
        keys.remove(at: dead)
      }
      guard keys.count < Self.keyLimit else {
        throw Failure(
          .usage, "there are too many access keys",
          hint: "Revoke some of the \(Self.keyLimit) with `weir access revoke ID`.", path: path)
      }
      keys.append(made.key)
    }
    return made
  }

  /// Takes a key back and returns it. Once more is no error.
  ///
  /// - Throws: NotFound for an unknown id; Busy, Corrupt, Permission, Io.
  package func revoke(_ id: String) throws(Failure) -> AccessKey {
    func unknown() -> Failure {
      Failure(.notFound, "access key not found", hint: "`weir access list` shows the ids of all keys.", path: path)
    }
    guard exists else { throw unknown() }
    var revoked: AccessKey?
    try change { (keys) throws(Failure) in
      guard let index = keys.firstIndex(where: { $0.id.utf8.elementsEqual(id.utf8) }) else { throw unknown() }
      keys[index].isRevoked = true
      revoked = keys[index]
    }
    guard let revoked else { throw unknown() }
    return revoked
  }

  /// What a key file holds.
  static func keys(_ content: [UInt8], path: String) throws(Failure) -> [AccessKey] {
    guard let keys = KeyFile.keys(content) else {
      throw Failure(
        .corrupt, "\(name) is corrupt",
        hint: "Restore it from a backup; or remove it, which makes every key useless, and make new ones.", path: path)
    }
    return keys
  }

  private var exists: Bool {
    do throws(SystemError) {
      _ = try File.info(path)
      return true
    } catch {
      return error.kind != .notFound
    }
  }

  private func change(_ body: (inout [AccessKey]) throws(Failure) -> Void) throws(Failure) {
    let lock = try lock()
    defer { lock.unlock() }
    var changed = try keys()
    try body(&changed)
    try PrivateFile.replace(path, Self.name, with: KeyFile.content(changed))
  }

  private func lock() throws(Failure) -> File {
    let guardian = Paths.join(directory, ".weir-keys.lock")
    do throws(SystemError) {
      try Paths.makeDirectories(directory)
      let file = try File(guardian, [.read, .write, .create, .private])
      try file.lock(.exclusive, until: .after(nanoseconds: Self.patience))
      return file
    } catch {
      if error.kind == .timedOut || error.kind == .busy {
        throw Failure(.busy, "the access keys are in use", hint: "Another process changes them. Try again.", path: path)
      }
      throw PrivateFile.unwritable(error, guardian, Self.name)
    }
  }
}
