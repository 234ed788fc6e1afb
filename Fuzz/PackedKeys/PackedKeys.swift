import Promise
import SQLite
import State

/// Any bytes as a packed key: an error, or values that pack to bytes that mean the same.
enum PackedKeys {
  static func unpack(_ bytes: [UInt8]) {
    guard let values = try? PackedKey.unpack(bytes) else { return }
    let packed = PackedKey.pack(values)
    promise(packed.first == bytes.first, "the number of values stays")
    promise(packed.count <= bytes.count, "nothing is shorter than what we pack")
    guard let again = try? PackedKey.unpack(packed) else { return promise(false, "what we pack can be unpacked") }
    promise(PackedKey.pack(again) == packed, "packing is stable")
    promise(again.count == values.count, "no value is lost")
  }
}

/// What libFuzzer calls with one input after the other.
@_cdecl("LLVMFuzzerTestOneInput")
public func testOneInput(_ start: UnsafePointer<UInt8>?, _ count: Int) -> Int32 {
  PackedKeys.unpack(Array(UnsafeBufferPointer(start: start, count: count)))
  return 0
}
