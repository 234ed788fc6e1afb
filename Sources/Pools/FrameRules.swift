/// Arithmetic of frames, in ring offsets.
enum FrameRules {
  /// Bytes that a frame with this payload takes: header, payload, commit marker, rounded up to 8.
  static func length(payload: UInt64) -> UInt64 {
    let exact = payload + UInt64(Layout.frameHeaderBytes + Layout.markerBytes)
    return (exact + UInt64(Layout.alignment - 1)) & ~UInt64(Layout.alignment - 1)
  }
}

/// What stands at a place of the ring.
enum Sighting {
  /// A committed frame. `next` is the offset after it, 0 when it ends with the ring.
  case frame(FrameRecord)
  /// A wrap marker, or fewer bytes than a frame header up to the end of the ring: go on at offset 0.
  case wrap
  /// Neither.
  case damaged(FrameDamage)
}

/// One committed frame, by its numbers.
struct FrameRecord: Equatable {
  var offset: UInt64
  var sequence: UInt64
  var time: UInt64
  var flags: UInt32
  var payloadLength: UInt32
  /// 0: written by a process that computes none.
  var checksum: UInt32
  /// The ring offset after the frame, 0 when it ends with the ring.
  var next: UInt64
}

/// Why bytes are not a committed frame.
enum FrameDamage: UInt8 {
  case magic, state, headerLength, invertedLength, tooLong, beyondRing, uncommitted, noMarker, checksum, sequence

  var message: StaticString {
    switch self {
    case .magic: "bad frame magic"
    case .state: "invalid frame state"
    case .headerLength: "unexpected header length"
    case .invertedLength: "payload length xor mismatch"
    case .tooLong: "payload length exceeds max"
    case .beyondRing: "frame exceeds ring"
    case .uncommitted: "unexpected frame state"
    case .noMarker: "missing frame commit marker"
    case .checksum: "frame checksum mismatch"
    case .sequence: "seq mismatch"
    }
  }
}

/// The values of a frame's state field.
enum FrameState: UInt32 {
  case empty, writing, committed, wrap
}

extension StaticString {
  /// The same words as text.
  var text: String { withUTF8Buffer { String(decoding: $0, as: UTF8.self) } }
}
