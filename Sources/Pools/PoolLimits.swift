/// The sizes of the pool format, version 3, and the bounds this library sets itself. See `Documentation/pool-format.md`.
public enum PoolLimits {
  /// What `create` makes when no size is given, in bytes.
  public static let defaultFileSize: UInt64 = 1 << 20
  /// The most bytes one message's payload may have in any pool: 256 MiB.
  public static let payloadBytes: UInt64 = 1 << 28
  /// Files must be addressable by signed offsets.
  public static let fileBytes = UInt64(Int.max)
  /// The ending of a pool file's name.
  public static let fileExtension = ".plasmite"

  /// The most frames one locked batch of a cursor delivers.
  package static let framesPerBatch = 1024
  /// The most payload bytes one locked batch of a cursor passes, so that writers wait only briefly.
  package static let bytesPerBatch = 1 << 20
  /// How many writers of one process may follow each other before the file's lock is given back.
  static let fileLockTurns = 16
  /// How long a path is believed to still name the file that is open, in nanoseconds.
  static let identityTrust: Int64 = 1_000_000
  /// The same for a reader that sleeps.
  static let sleepersTrust: Int64 = 250_000_000
  /// How long a sleeping reader may miss a writer that wakes nobody, in nanoseconds.
  static let pollLimit: Int64 = 50_000_000
  /// How long it does at first, when such a writer may just have paused.
  static let firstPoll: Int64 = 2_000_000
}

/// Byte positions of the format. The first 104 bytes of the header are the format's; the rest is reserved, preserved by
/// every writer and ignored by every reader, which is where this library keeps two words of its own.
enum Layout {
  static let headerBytes = 4096
  static let slotBytes = 16
  static let frameHeaderBytes = 64
  static let markerBytes = 8
  static let alignment = 8
  static let version: UInt32 = 3
  static let maximumSlots: UInt64 = 65_536
  /// Ring bytes that the automatic index capacity tries to leave.
  static let ringBytesToSpare: UInt64 = 1024

  static let magic: UInt32 = 0x4D53_4C50  // "PLSM"
  static let frameMagic: UInt32 = 0x314D_5246  // "FRM1"
  static let commitMarker: UInt64 = 0x5449_4D43_4D53_4C50  // "PLSMCMIT"

  enum Header {
    static let magic = 0
    static let version = 4
    static let endianness = 8
    static let fileSize = 16
    static let indexOffset = 24
    static let indexCapacity = 32
    static let ringOffset = 40
    static let ringSize = 48
    static let flags = 56
    static let head = 64
    static let tail = 72
    static let tailNext = 80
    static let oldest = 88
    static let newest = 96
    static let formatBytes = 104
    /// Ours: not 0 while a writer of this library is at work, so also when it died at work. A cache line of its own.
    static let busy = 3968
    /// Ours: the word of `Wake`. A cache line of its own.
    static let wake = 4032
  }

  enum Frame {
    static let magic = 0
    static let state = 4
    static let flags = 8
    static let headerLength = 12
    static let sequence = 16
    static let time = 24
    static let payloadLength = 32
    static let invertedLength = 36
    static let checksum = 40
    /// What the checksum covers besides the payload: sequence, time and length.
    static let checkedFields = 16..<36
  }
}
