import JSON
import Lite3
import Promise

/// Any bytes as a stored document: everything that reads documents must end in a value or an error.
enum Lite3Decode {
  nonisolated(unsafe) private static var writer = Lite3JSONWriter()
  nonisolated(unsafe) private static var encoder = Lite3Encoder()
  nonisolated(unsafe) private static var output = ByteWriter()

  static func decode(_ bytes: RawSpan) {
    let document = Lite3Document(bytes)
    let isValid = succeeds { () throws(Lite3Error) in try document.validate() }
    let isMessage = succeeds { () throws(Lite3Error) in try document.validateMessage() }
    _ = succeeds { () throws(Lite3Error) in
      let root = try document.root()
      _ = try walk(root, depth: 0)
      var sorted = try root.sortedMembers()
      while let member = try sorted.next() { _ = member.key.byteCount }
    }
    output.removeAll()
    let isPrinted = succeeds { () throws(Lite3Error) in try writer.write(document: bytes, into: &output) }
    promise(isPrinted || !isValid, "what validates can be printed")
    promise(isPrinted || output.isEmpty, "a failure leaves no output")
    if isPrinted { checkText() }
    output.removeAll()
    let isEnvelope = succeeds { () throws(Lite3Error) in
      try writer.writeEnvelope(payload: bytes, seq: 1, time: 0, style: .pretty, into: &output)
    }
    promise(isEnvelope || !isMessage, "what validates as a message can be shown")
  }

  /// The text in `output` is JSON, and encoding and printing it again gives the same text.
  private static func checkText() {
    var again = ByteWriter()
    do throws(Lite3Error) {
      try encoder.encode(output.bytes)
      try writer.write(document: encoder.bytes, into: &again)
    } catch {
      promise(error.kind == .nulInKey || error.kind == .collisions, "printed text encodes again")
      return
    }
    let same = again.withUnsafeBytes { first in output.withUnsafeBytes { first.elementsEqual($0) } }
    promise(same, "printed text is stable")
  }

  private static func walk(_ value: borrowing Lite3Value, depth: Int) throws(Lite3Error) -> Int {
    if depth > 3 { return 1 }
    var count = 1
    var members = value.members()
    while let member = try members.next() {
      count += try walk(member.value, depth: depth + 1)
      if value.kind == .object { _ = try value.member(member.key)?.kind }
    }
    if value.kind == .array { _ = try value.element(value.count - 1)?.kind }
    return count
  }

  private static func succeeds(_ body: () throws(Lite3Error) -> Void) -> Bool {
    do throws(Lite3Error) {
      try body()
      return true
    } catch {
      return false
    }
  }
}

/// What libFuzzer calls with one input after the other.
@_cdecl("LLVMFuzzerTestOneInput")
public func testOneInput(_ start: UnsafePointer<UInt8>?, _ count: Int) -> Int32 {
  Lite3Decode.decode(RawSpan(_unsafeBytes: UnsafeRawBufferPointer(start: start, count: count)))
  return 0
}
