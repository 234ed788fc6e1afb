import Support

/// A pool file put together from the tables of the pool format alone: nothing of it comes from the library under test.
struct HandBuiltPool {
  private(set) var bytes: [UInt8]
  let slots: Int
  let ringSize: Int

  var ringOffset: Int { 4096 + 16 * slots }

  /// An empty pool: section 2.2.
  init(ringSize: Int, slots: Int) {
    self.slots = slots
    self.ringSize = ringSize
    let size = 4096 + 16 * slots + ringSize
    bytes = [UInt8](repeating: 0, count: size)
    put(Array("PLSM".utf8) + [3, 0, 0, 0, 1], at: 0)
    put(littleEndian(UInt64(size)) + littleEndian(4096) + littleEndian(UInt64(slots)), at: 16)
    put(littleEndian(UInt64(ringOffset)) + littleEndian(UInt64(ringSize)), at: 40)
  }

  mutating func put(_ some: [UInt8], at offset: Int) { bytes.replaceSubrange(offset..<offset + some.count, with: some) }

  /// The fields that change.
  mutating func setState(head: Int, tail: Int, tailNext: Int, oldest: Int, newest: Int) {
    put([head, tail, tailNext, oldest, newest].flatMap { littleEndian(UInt64($0)) }, at: 64)
  }

  /// A committed frame without a checksum, as upstream writes it, and its index slot: sections 3 and 4.1.
  mutating func putFrame(_ sequence: Int, at offset: Int, time: UInt64, payload: [UInt8]) {
    let length = UInt32(payload.count)
    var frame = Array("FRM1".utf8) + half(2) + half(0) + half(64) + littleEndian(UInt64(sequence)) + littleEndian(time)
    frame += half(length) + half(~length) + [UInt8](repeating: 0, count: 24)
    put(frame + payload + Array("PLSMCMIT".utf8), at: ringOffset + offset)
    if slots > 0 {
      put(littleEndian(UInt64(sequence)) + littleEndian(UInt64(offset)), at: 4096 + 16 * (sequence % slots))
    }
  }

  /// Section 4.2.
  mutating func putWrapMarker(at offset: Int) {
    let marker = Array("FRM1".utf8) + half(3) + half(0) + half(64) + [UInt8](repeating: 0, count: 20) + half(.max)
    put(marker + [UInt8](repeating: 0, count: 24), at: ringOffset + offset)
  }

  private func half(_ value: UInt32) -> [UInt8] { Array(littleEndian(UInt64(value))[..<4]) }

  /// The payload of `{"a":number}` without tags, 420 bytes: section 16. The oldest generation of writers counts insertions for
  /// each container, the others in the root of the document.
  static func payload(_ number: Int, oldestGeneration: Bool = false) -> [UInt8] {
    var bytes = [UInt8](repeating: 0, count: 420)
    func put(_ some: [UInt8], at offset: Int) { bytes.replaceSubrange(offset..<offset + some.count, with: some) }
    let inner: UInt8 = oldestGeneration ? 1 : 0
    put([0x06, oldestGeneration ? 2 : 4, 0, 0, 0x5F, 0x91, 0x95, 0x7C, 0xCC, 0x91, 0x9A, 0x7C], at: 0)
    put([0x82, 0, 0, 0, 0x32, 0x01, 0, 0, 0x62], at: 0x20)
    put([0x14] + Array("meta".utf8) + [0, 0x06, inner, 0, 0, 0xD4, 0x55, 0x9E, 0x7C], at: 0x62)
    put([0x41, 0, 0, 0, 0xCA], at: 0x88)
    put([0x14] + Array("tags".utf8) + [0, 0x07], at: 0xCA)
    put([0x14] + Array("data".utf8) + [0, 0x06, inner, 0, 0, 0x06, 0xB6, 0x02], at: 0x132)
    put([0x41, 0, 0, 0, 0x98, 0x01], at: 0x158)
    put([0x08, 0x61, 0, 0x02] + littleEndian(UInt64(number)), at: 0x198)
    return bytes
  }
}
