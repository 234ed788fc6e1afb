import CSimdjson

/// A parsed text: a flat list of words, walked forward.
///
/// The layout is described in `csimdjson.h`. The first value is at index 1; a container's start word knows where it ends,
/// so it can be skipped in one step. A tape only comes from a successful parse, so its structure is trusted.
public struct JSONTape: ~Escapable {
  /// What a word of the tape begins; the raw value is the top byte of the word.
  public enum Kind: UInt8, Sendable {
    case object = 0x7b
    case array = 0x5b
    case string = 0x22
    case signed = 0x6c
    case unsigned = 0x75
    case double = 0x64
    case `true` = 0x74
    case `false` = 0x66
    case null = 0x6e
  }

  package let words: UnsafePointer<UInt64>
  package let strings: UnsafePointer<UInt8>
  /// Number of words, the two root words included.
  public let count: Int

  @_lifetime(immortal)
  init(unsafe tape: csimdjson_tape) {
    // The parser hands out both pointers with every successful parse; the caller narrows the lifetime to the parser's.
    words = tape.words
    strings = tape.strings
    count = Int(tape.word_count)
  }

  /// The index of the value.
  public var root: Int { 1 }

  /// The kind of the value at `index`, which must be the index of a value or key.
  public func kind(at index: Int) -> Kind? {
    precondition(index > 0 && index < count)
    return Kind(rawValue: UInt8(truncatingIfNeeded: words[index] >> 56))
  }

  /// The index after the value at `index`.
  public func next(after index: Int) -> Int {
    switch kind(at: index) {
    case .object, .array: Int(UInt32(truncatingIfNeeded: words[index]))
    case .signed, .unsigned, .double: index + 2
    default: index + 1
    }
  }

  /// The bytes of the string or key at `index`; empty for any other kind.
  @_lifetime(copy self)
  public func string(at index: Int) -> RawSpan {
    guard kind(at: index) == .string else { return RawSpan() }
    let start = UnsafeRawPointer(strings) + Int(words[index] & 0x00ff_ffff_ffff_ffff)
    let length = start.loadUnaligned(as: UInt32.self)
    let span = RawSpan(_unsafeStart: start + 4, byteCount: Int(length))
    return _overrideLifetime(span, copying: self)
  }
}
