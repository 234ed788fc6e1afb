package import Documents
package import Platform

/// Small files with secrets, or about them: nobody but their owner may read or write them.
package enum PrivateFile {
  /// The most bytes that such a file may have.
  package static let limit = 4 << 20

  /// All of the file, and what the system knew of it then.
  ///
  /// - Parameter name: what to call it in errors, such as `token file`.
  /// - Throws: Io, `failed to read NAME`, also when it is missing; Permission when others may read or write it; Usage for what
  ///   is no file or too large.
  package static func read(_ path: String, _ name: String) throws(Failure) -> (content: [UInt8], info: File.Info) {
    // Before it is opened: opening a pipe may take for ever.
    let kind = try system(path, name) { () throws(SystemError) in try File.info(path).kind }
    guard kind == .file else {
      throw Failure(.usage, "\(name) is not a regular file", hint: "Give the path of a file.", path: path)
    }
    let file = try system(path, name) { () throws(SystemError) in try File(path, .read) }
    let info = try system(path, name) { () throws(SystemError) in try file.info() }
    if info.permissions & 0o077 != 0 {
      throw Failure(
        .permission, "\(name) is open to other users",
        hint: "Run `chmod 600 \(path)`.",
        path: path)
    }
    let content = try system(path, name) { () throws(SystemError) in try file.readToEnd(limit: limit) }
    guard let content else {
      throw Failure(
        .usage, "\(name) is too large", hint: "It should have at most \(limit) bytes: check its path.", path: path)
    }
    return (content, info)
  }

  /// Makes or replaces the file in one step. Two writers at the same time are kept apart by their caller.
  ///
  /// - Throws: Permission or Io; the file is then as it was.
  package static func replace(_ path: String, _ name: String, with content: [UInt8]) throws(Failure) {
    let draft = path + ".new"
    do throws(SystemError) {
      // Left by a writer that died.
      do throws(SystemError) { try Paths.remove(draft) } catch { if error.kind != .notFound { throw error } }
      let file = try File(draft, [.write, .create, .exclusive, .private])
      try file.write(content)
      try file.sync()
    } catch {
      try? Paths.remove(draft)
      throw unwritable(error, path, name)
    }
    do throws(SystemError) {
      try Paths.replace(draft, as: path)
    } catch {
      try? Paths.remove(draft)
      throw unwritable(error, path, name)
    }
    if let parent = Paths.parent(of: path) { try? Paths.syncDirectory(parent) }
  }

  /// Makes the file, whole and in one step.
  ///
  /// - Throws: AlreadyExists if the name is taken; Permission or Io. Nothing is left behind then.
  package static func create(_ path: String, _ name: String, with content: [UInt8]) throws(Failure) {
    let draft = path + ".\(Process.id).\(Clock.monotonic()).new"
    do throws(SystemError) {
      let file = try File(draft, [.write, .create, .exclusive, .private])
      try file.write(content)
      try file.sync()
    } catch {
      try? Paths.remove(draft)
      throw unwritable(error, path, name)
    }
    do throws(SystemError) {
      try Paths.publish(draft, as: path)
    } catch {
      try? Paths.remove(draft)
      throw unwritable(error, path, name)
    }
    if let parent = Paths.parent(of: path) { try? Paths.syncDirectory(parent) }
  }

  /// What the system said about writing.
  package static func unwritable(_ error: SystemError, _ path: String, _ name: String) -> Failure {
    let kind: Failure.Kind =
      switch error.kind {
      case .permission: .permission
      case .exists: .alreadyExists
      default: .io
      }
    return Failure(
      kind, "failed to write \(name)", hint: "Check that its directory exists and may be written to.", path: path,
      causes: [error.message])
  }

  private static func system<Value: ~Copyable>(
    _ path: String, _ name: String, _ body: () throws(SystemError) -> Value
  ) throws(Failure) -> Value {
    do throws(SystemError) {
      return try body()
    } catch {
      throw Failure(
        .io, "failed to read \(name)", hint: "Check the path, and who may read it.", path: path, causes: [error.message]
      )
    }
  }
}
