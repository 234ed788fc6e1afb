internal import CPlatform

/// An open file. It is closed when the value goes away.
///
/// Reading and writing at an offset is safe from several threads; `read` and `write` share one position.
public struct File: ~Copyable, Sendable {
  /// How to open.
  public struct Options: OptionSet, Sendable {
    /// The bits of `platform_file_open`.
    public let rawValue: UInt32
    /// The options with these bits.
    public init(rawValue: UInt32) { self.rawValue = rawValue }

    /// Reading.
    public static let read = Options(rawValue: PLATFORM_READ)
    /// Writing.
    public static let write = Options(rawValue: PLATFORM_WRITE)
    /// Make the file if it is missing.
    public static let create = Options(rawValue: PLATFORM_CREATE)
    /// With `create`: `.exists` if it is there.
    public static let exclusive = Options(rawValue: PLATFORM_EXCLUSIVE)
    /// Drop what is in it.
    public static let truncate = Options(rawValue: PLATFORM_TRUNCATE)
    /// `write` adds at the end.
    public static let append = Options(rawValue: PLATFORM_APPEND)
    /// With `create`: for this user's eyes only.
    public static let `private` = Options(rawValue: PLATFORM_PRIVATE)
  }

  /// What the system knows of a file.
  public struct Info: Sendable {
    /// What the name stands for.
    public enum Kind: UInt32, Sendable { case file = 1, directory, pipe, other }
    /// Bytes.
    public var size: UInt64
    /// Nanoseconds since 1970-01-01 UTC.
    public var modified: Int64
    /// Which file it is, whatever its name.
    public var identity: Identity
    /// How many names it has; 0 when it was deleted or replaced while open.
    public var links: UInt64
    /// File, directory, pipe or other.
    public var kind: Kind
    /// POSIX permission bits; on Windows the nearest.
    public var permissions: UInt32
  }

  /// Which file it is, whatever its name: equal for two opens of one file while it lives.
  public struct Identity: Equatable, Sendable {
    /// The volume or device.
    public var volume: UInt64
    /// The file on that volume.
    public var index: UInt64
  }

  let handle: platform_handle
  private let closes: Bool

  /// Opens the file at `path`.
  public init(_ path: String, _ options: Options) throws(SystemError) {
    var handle: platform_handle = -1
    try check(path.withCString { platform_file_open($0, options.rawValue, &handle) })
    self.handle = handle
    closes = true
  }

  private init(standard handle: platform_handle) {
    self.handle = handle
    closes = false
  }

  deinit { if closes { platform_file_close(handle) } }

  /// The process's input.
  public static func standardInput() -> File { File(standard: platform_standard_input()) }
  /// The process's output.
  public static func standardOutput() -> File { File(standard: platform_standard_output()) }
  /// The process's error stream.
  public static func standardError() -> File { File(standard: platform_standard_error()) }

  /// Reads into `buffer` from the current position and returns how many bytes came; 0 is the end.
  public borrowing func read(into buffer: UnsafeMutableRawBufferPointer) throws(SystemError) -> Int {
    var got = 0
    try check(platform_file_read(handle, buffer.baseAddress, buffer.count, &got))
    return got
  }

  /// Reads from the current position to the end, whatever kind of file it is and however long by now.
  ///
  /// - Returns: nil if that is more than `limit` bytes.
  public borrowing func readToEnd(limit: Int) throws(SystemError) -> [UInt8]? {
    var all: [UInt8] = []
    var part = [UInt8](repeating: 0, count: 64 << 10)
    while true {
      var got = 0
      try check(part.withUnsafeMutableBytes { platform_file_read(handle, $0.baseAddress, $0.count, &got) })
      if got == 0 { return all }
      if all.count + got > limit { return nil }
      all += part[..<got]
    }
  }

  /// Writes all the bytes at the current position. After a failure a part may have been written.
  public borrowing func write(_ bytes: UnsafeRawBufferPointer) throws(SystemError) {
    try check(platform_file_write(handle, bytes.baseAddress, bytes.count))
  }

  /// Writes all the bytes at the current position. After a failure a part may have been written.
  public borrowing func write(_ bytes: [UInt8]) throws(SystemError) {
    try check(bytes.withUnsafeBytes { platform_file_write(handle, $0.baseAddress, $0.count) })
  }

  /// Reads from `offset`; fewer bytes than asked for only at the end of the file.
  public borrowing func read(at offset: UInt64, into buffer: UnsafeMutableRawBufferPointer) throws(SystemError) -> Int {
    var got = 0
    try check(platform_file_read_at(handle, offset, buffer.baseAddress, buffer.count, &got))
    return got
  }

  /// Writes all the bytes at `offset`. After a failure a part may have been written.
  public borrowing func write(_ bytes: [UInt8], at offset: UInt64) throws(SystemError) {
    try check(bytes.withUnsafeBytes { platform_file_write_at(handle, offset, $0.baseAddress, $0.count) })
  }

  /// Sets the length; new bytes are zero.
  public borrowing func setSize(_ size: UInt64) throws(SystemError) { try check(platform_file_set_size(handle, size)) }

  /// Puts disk space behind every byte below `size`, so that a store through a mapping cannot meet a full disk.
  public borrowing func reserve(_ size: UInt64) throws(SystemError) { try check(platform_file_reserve(handle, size)) }

  /// Returns when data and length are on stable storage.
  public borrowing func sync() throws(SystemError) { try check(platform_file_sync(handle)) }

  /// What the system knows of this file now.
  public borrowing func info() throws(SystemError) -> Info {
    var info = platform_file_info()
    try check(platform_file_describe(handle, &info))
    return Info(info)
  }

  /// What the system knows of the file at `path`, following symbolic links.
  public static func info(_ path: String) throws(SystemError) -> Info {
    var info = platform_file_info()
    try check(path.withCString { platform_path_describe($0, &info) })
    return Info(info)
  }
}

extension File {
  /// The two ways to hold the whole-file lock of the pool format.
  public enum LockMode: UInt32, Sendable { case shared = 1, exclusive }

  /// Takes the whole-file lock, which belongs to this open file and excludes other opens, of this process too.
  ///
  /// - Throws: `.busy` when `deadline` is `.now` and it is held, `.timedOut` at the deadline.
  public borrowing func lock(_ mode: LockMode, until deadline: Deadline = .never) throws(SystemError) {
    try check(platform_lock(handle, mode.rawValue, deadline.nanoseconds))
  }

  /// Takes the lock if nobody is in the way.
  public borrowing func tryLock(_ mode: LockMode) -> Bool {
    platform_lock(handle, mode.rawValue, Deadline.now.nanoseconds) == PLATFORM_OK
  }

  /// Gives the lock back.
  public borrowing func unlock() { _ = platform_unlock(handle) }
}

extension File {
  /// Whether a person is at the other end.
  public borrowing func isTerminal() -> Bool { platform_is_terminal(handle) }

  /// Makes colour sequences work if the terminal can show them, and says whether it can.
  public borrowing func enableColor() -> Bool { platform_terminal_enable_color(handle) }

  /// The terminal's width in columns; nil where there is none.
  public borrowing func terminalColumns() -> Int? {
    var columns: UInt32 = 0
    var rows: UInt32 = 0
    guard platform_terminal_size(handle, &columns, &rows) == PLATFORM_OK else { return nil }
    return Int(columns)
  }
}

extension File.Info {
  init(_ info: platform_file_info) {
    size = info.size
    modified = info.modified
    identity = File.Identity(volume: info.volume, index: info.index)
    links = info.links
    kind = Kind(rawValue: info.kind) ?? .other
    permissions = info.permissions
  }
}
