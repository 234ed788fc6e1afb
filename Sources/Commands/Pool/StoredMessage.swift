internal import JSON

/// An input record that is a whole message, as `follow` and `fetch` print them, rather than data.
///
/// It is an object with exactly the members `seq`, `time`, `data`, and `meta` with exactly `tags`. Its data and tags are
/// kept; sequence and time are checked, and given anew by the pool.
struct StoredMessage: Equatable {
  enum Fault: Error, Equatable { case time, sequence }

  /// Where the data is in the record.
  let data: Range<Int>
  let tags: [String]

  /// Whether the record may be a message: worth a closer look only if it begins like one.
  static func isPossible(_ record: RawSpan) -> Bool {
    record.withUnsafeBytes { bytes in
      var index = skipBlanks(bytes, from: 0)
      guard index < bytes.count, bytes[index] == UInt8(ascii: "{") else { return false }
      index = skipBlanks(bytes, from: index + 1)
      let rest = UnsafeRawBufferPointer(rebasing: bytes[index...])
      return ["\"seq\"", "\"time\"", "\"meta\"", "\"data\""].contains { rest.starts(with: $0.utf8) }
    }
  }

  /// The message that `record` is; nil if it is something else, or not JSON at all.
  static func read(
    _ record: RawSpan, readableBeyond: Int, parser: inout JSONParser
  ) -> Result<StoredMessage?, Fault> {
    let tags: Result<[String]?, Fault>
    do throws(JSONError) {
      tags = Self.tags(of: try parser.parse(record, readableBeyond: readableBeyond))
    } catch {
      return .success(nil)
    }
    return tags.map { tags in
      guard let tags, let data = rangeOfData(record) else { return nil }
      return StoredMessage(data: data, tags: tags)
    }
  }

  /// The tags, if the members are those of a message; nil if not.
  private static func tags(of tape: borrowing JSONTape) -> Result<[String]?, Fault> {
    guard tape.kind(at: tape.root) == .object else { return .success(nil) }
    var tags: [String]?
    var sequenceIsGood: Bool?
    var timeIsGood: Bool?
    var hasData = false
    var members = 0
    var index = tape.root + 1
    let end = tape.next(after: tape.root) - 1
    while index < end {
      let value = index + 1
      members += 1
      if isKey(tape, index, "seq") {
        sequenceIsGood = isSequence(tape, value)
      } else if isKey(tape, index, "time") {
        timeIsGood = isTime(tape, value)
      } else if isKey(tape, index, "meta") {
        tags = tagList(tape, meta: value)
      } else if isKey(tape, index, "data") {
        hasData = true
      } else {
        return .success(nil)
      }
      index = tape.next(after: value)
    }
    guard members == 4, hasData, let tags, let sequenceIsGood, let timeIsGood else { return .success(nil) }
    if !sequenceIsGood { return .failure(.sequence) }
    return timeIsGood ? .success(tags) : .failure(.time)
  }

  private static func isKey(_ tape: borrowing JSONTape, _ index: Int, _ name: StaticString) -> Bool {
    let key = tape.string(at: index)
    guard key.byteCount == name.utf8CodeUnitCount else { return false }
    return key.withUnsafeBytes { bytes in name.withUTF8Buffer { $0.elementsEqual(bytes) } }
  }

  /// A whole number from 1 to 2^64 - 1.
  private static func isSequence(_ tape: borrowing JSONTape, _ index: Int) -> Bool {
    switch tape.kind(at: index) {
    case .signed: Int64(bitPattern: tape.words[index + 1]) > 0
    case .unsigned: true
    default: false
    }
  }

  private static func isTime(_ tape: borrowing JSONTape, _ index: Int) -> Bool {
    guard tape.kind(at: index) == .string else { return false }
    do throws(Timestamp.Fault) {
      _ = try Timestamp.nanoseconds(tape.string(at: index))
      return true
    } catch {
      return false
    }
  }

  /// The strings of `{"tags":[…]}`; nil if the value is anything else.
  private static func tagList(_ tape: borrowing JSONTape, meta: Int) -> [String]? {
    guard tape.kind(at: meta) == .object, meta + 1 < tape.next(after: meta) - 1, isKey(tape, meta + 1, "tags"),
      tape.kind(at: meta + 2) == .array, tape.next(after: meta + 2) == tape.next(after: meta) - 1
    else { return nil }
    var tags: [String] = []
    var index = meta + 3
    let end = tape.next(after: meta + 2) - 1
    while index < end {
      guard tape.kind(at: index) == .string else { return nil }
      tags.append(tape.string(at: index).withUnsafeBytes { String(decoding: $0, as: UTF8.self) })
      index = tape.next(after: index)
    }
    return tags
  }

  /// Where the value of the member `data` is in a text that is known to be one JSON object.
  private static func rangeOfData(_ record: RawSpan) -> Range<Int>? {
    record.withUnsafeBytes { bytes in
      var index = skipBlanks(bytes, from: 0) + 1
      while index < bytes.count {
        index = skipBlanks(bytes, from: index)
        let key = value(in: bytes, from: index)
        index = skipBlanks(bytes, from: skipBlanks(bytes, from: key.upperBound) + 1)
        let value = value(in: bytes, from: index)
        if bytes[key].elementsEqual("\"data\"".utf8) { return value }
        // The comma; behind the last member the brace, which ends the loop.
        index = skipBlanks(bytes, from: value.upperBound) + 1
      }
      return nil
    }
  }

  private static func value(in bytes: UnsafeRawBufferPointer, from start: Int) -> Range<Int> {
    var scanner = ValueScanner()
    var index = start
    guard case .complete(let end) = scanner.scan(bytes, from: &index, isLast: true) else { return start..<bytes.count }
    return start..<end
  }

  private static func skipBlanks(_ bytes: UnsafeRawBufferPointer, from start: Int) -> Int {
    var index = start
    while index < bytes.count, ValueScanner.isBlank(bytes[index]) { index += 1 }
    return min(index, bytes.count)
  }
}
