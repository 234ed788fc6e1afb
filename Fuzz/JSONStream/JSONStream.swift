import JSON
import Promise

/// Any bytes as a stream of values: the pieces do not depend on how the bytes arrive, and a text that the parser accepts
/// is one piece. The first two bytes choose how values are separated and how long the chunks are.
enum JSONStream {
  nonisolated(unsafe) private static var parser = JSONParser()

  static func split(_ mode: UInt8, _ chunk: UInt8, _ stream: UnsafeRawBufferPointer) {
    let separation: JSONValueSplitter.Separation = mode % 3 == 0 ? .values : mode % 3 == 1 ? .lines : .records
    let limit = mode & 0x80 == 0 ? Int.max : 16
    let whole = pieces(separation, limit, stream, chunk: stream.count)
    let parts = pieces(separation, limit, stream, chunk: Int(chunk) + 1)
    promise(whole == parts, "pieces do not depend on chunks")
    if separation == .values, limit == Int.max, isJSON(RawSpan(_unsafeBytes: stream)) {
      promise(whole.count == 1 && whole[0].error == nil, "a text is one piece")
    }
  }

  private struct Piece: Equatable {
    var text: [UInt8] = []
    var line: Int?
    var error: JSONError.Kind?
  }

  private static func pieces(
    _ separation: JSONValueSplitter.Separation, _ limit: Int, _ stream: UnsafeRawBufferPointer, chunk: Int
  ) -> [Piece] {
    var splitter = JSONValueSplitter(separation, maximumBytes: limit)
    var found: [Piece] = []
    var index = 0
    while index < stream.count {
      let end = min(index + chunk, stream.count)
      splitter.append(RawSpan(_unsafeBytes: UnsafeRawBufferPointer(rebasing: stream[index..<end])))
      drain(&splitter, &found)
      index = end
    }
    splitter.finish()
    drain(&splitter, &found)
    return found
  }

  private static func drain(_ splitter: inout JSONValueSplitter, _ found: inout [Piece]) {
    while true {
      do throws(JSONError) {
        guard let piece = try splitter.next() else { return }
        _ = isJSON(piece.text, piece.readableBeyond)
        found.append(Piece(text: piece.text.withUnsafeBytes { Array($0) }, line: piece.line))
      } catch {
        found.append(Piece(line: error.line, error: error.kind))
      }
    }
  }

  private static func isJSON(_ text: RawSpan, _ readableBeyond: Int = 0) -> Bool {
    do throws(JSONError) {
      _ = try parser.parse(text, readableBeyond: readableBeyond)
      return true
    } catch {
      promise(error.offset ?? 0 <= text.byteCount, "a fault lies inside the text")
      return false
    }
  }
}

/// What libFuzzer calls with one input after the other.
@_cdecl("LLVMFuzzerTestOneInput")
public func testOneInput(_ start: UnsafePointer<UInt8>?, _ count: Int) -> Int32 {
  let bytes = UnsafeRawBufferPointer(start: start, count: count)
  if count > 2 { JSONStream.split(bytes[0], bytes[1], UnsafeRawBufferPointer(rebasing: bytes[2...])) }
  return 0
}
