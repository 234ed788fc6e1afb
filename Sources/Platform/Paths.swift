internal import CPlatform

/// Names of files and directories, as text. Safe from any thread.
public enum Paths {
  /// Whether `byte` separates the parts of a path here: `/`, and on Windows also `\`.
  public static func isSeparator(_ byte: UInt8) -> Bool { byte < 0x80 && platform_is_separator(CChar(byte)) }

  /// The separator that people of this system expect to read.
  public static var separator: Character { Character(UnicodeScalar(UInt8(platform_separator()))) }

  /// `directory` and `name` with one separator between.
  public static func join(_ directory: String, _ name: String) -> String {
    guard let last = directory.utf8.last else { return name }
    if isSeparator(last) { return directory + name }
    var joined = directory
    joined.append(separator)
    return joined + name
  }

  /// Everything before the last separator; nil if there is none, the separator itself for names at the root.
  public static func parent(of path: String) -> String? {
    guard let last = path.utf8.lastIndex(where: isSeparator) else { return nil }
    return String(path[...last].utf8.count == 1 ? path[...last] : path[..<last])
  }

  /// Everything after the last separator.
  public static func lastPart(of path: String) -> String {
    guard let last = path.utf8.lastIndex(where: isSeparator) else { return path }
    return String(path[path.utf8.index(after: last)...])
  }

  /// The absolute path with symbolic links resolved. `.notFound` if there is nothing.
  public static func canonical(_ path: String) throws(SystemError) -> String {
    try systemText { buffer, capacity, length in
      path.withCString { platform_canonical_path($0, buffer, capacity, length) }
    }
  }

  /// Where relative paths begin.
  public static func currentDirectory() throws(SystemError) -> String { try systemText(platform_current_directory) }
  /// The user's own directory.
  public static func homeDirectory() throws(SystemError) -> String { try systemText(platform_home_directory) }
  /// Where temporary files go.
  public static func temporaryDirectory() throws(SystemError) -> String { try systemText(platform_temporary_directory) }
  /// The file this process was started from.
  public static func executable() throws(SystemError) -> String { try systemText(platform_executable_path) }
  /// The machine's name.
  public static func hostName() throws(SystemError) -> String { try systemText(platform_host_name) }

  /// Removes one file. Those who have it open or mapped keep what they have.
  public static func remove(_ path: String) throws(SystemError) { try check(path.withCString { platform_remove($0) }) }

  /// Gives `source` the name `destination`, replacing what has it, in one step.
  public static func replace(_ source: String, as destination: String) throws(SystemError) {
    try check(source.withCString { from in destination.withCString { platform_replace(from, $0) } })
  }

  /// Gives `source` the name `destination` in one step; `.exists` if it is taken.
  public static func publish(_ source: String, as destination: String) throws(SystemError) {
    try check(source.withCString { from in destination.withCString { platform_publish(from, $0) } })
  }

  /// Makes the directory and its missing parents; those it makes are for this user only if `privately`.
  public static func makeDirectories(_ path: String, privately: Bool = false) throws(SystemError) {
    try check(path.withCString { platform_make_directories($0, privately) })
  }

  /// Removes an empty directory.
  public static func removeDirectory(_ path: String) throws(SystemError) {
    try check(path.withCString { platform_remove_directory($0) })
  }

  /// Returns when the names in the directory are on stable storage.
  public static func syncDirectory(_ path: String) throws(SystemError) {
    try check(path.withCString { platform_directory_sync($0) })
  }

  /// Sets POSIX permission bits, or what is nearest.
  public static func setPermissions(_ path: String, _ permissions: UInt32) throws(SystemError) {
    try check(path.withCString { platform_set_permissions($0, permissions) })
  }

  /// The names in a directory, in no order, without `.` and `..`.
  public static func list(_ path: String) throws(SystemError) -> [String] {
    var directory: OpaquePointer?
    try check(path.withCString { platform_directory_open($0, &directory) })
    defer { platform_directory_close(directory) }
    var names: [String] = []
    while true {
      var name: UnsafePointer<CChar>?
      try check(platform_directory_next(directory, &name))
      guard let name else { return names }
      names.append(String(cString: name))
    }
  }
}

/// The process and what it was given.
public enum Process {
  /// The arguments after the program's name.
  public static var arguments: [String] {
    var arguments: [String] = []
    for index in 1..<max(1, platform_argument_count()) {
      guard let argument = platform_argument(index) else { break }
      arguments.append(String(cString: argument))
    }
    return arguments
  }

  /// The first argument after the program's name, counted from 1, that is not UTF-8; nil if all are. `arguments` has it with
  /// replacement characters, so it must not be used.
  public static var unreadableArgument: Int? {
    for index in 1..<max(1, platform_argument_count()) {
      guard let argument = platform_argument(index) else { break }
      if String(validatingCString: argument) == nil { return Int(index) }
    }
    return nil
  }

  /// The value of an environment variable; nil if it is not set.
  public static func environment(_ name: String) -> String? {
    try? systemText { buffer, capacity, length in
      name.withCString { platform_environment($0, buffer, capacity, length) }
    }
  }

  /// The number the system knows this process by.
  public static var id: UInt64 { platform_process_id() }

  /// Ends the process at once with this status.
  public static func exit(_ status: Int32) -> Never { platform_exit(status) }
}

/// Calls a text-returning function of `CPlatform`, again with a larger buffer if the text does not fit.
func systemText(
  _ body: (UnsafeMutablePointer<CChar>, Int, UnsafeMutablePointer<Int>) -> Int32
) throws(SystemError) -> String {
  var capacity = 512
  while true {
    var buffer = [CChar](repeating: 0, count: capacity)
    var length = 0
    let status = buffer.withUnsafeMutableBufferPointer { storage in
      guard let base = storage.baseAddress else { return PLATFORM_NO_MEMORY }
      return body(base, storage.count, &length)
    }
    if status == PLATFORM_BUFFER_TOO_SMALL, length + 1 > capacity {
      capacity = length + 1
      continue
    }
    try check(status)
    return buffer.withUnsafeBytes { String(decoding: $0[..<min(length, $0.count)], as: UTF8.self) }
  }
}
