import Gateway
import Promise

/// Any bytes as the body of a request of the state's API: statements whose parameters bind to what was sent, or a refusal.
enum Statements {
  static func read(_ bytes: [UInt8]) {
    for isList in [false, true] {
      switch StatementCheck.read(bytes, asList: isList) {
      case .failure(let problem): promise(problem.status == 400 || problem.status == 422, "a refusal has its status")
      case .success(let statements):
        for statement in statements {
          // Texts of nested values are parts of what was sent.
          for raw in statement.nested { promise(contains(bytes, raw), "a nested value is passed on as it was sent") }
        }
      }
    }
  }

  private static func contains(_ bytes: [UInt8], _ part: [UInt8]) -> Bool {
    guard !part.isEmpty, part.count <= bytes.count else { return false }
    return (0...(bytes.count - part.count)).contains { bytes[$0...].starts(with: part) }
  }
}

/// What libFuzzer calls with one input after the other.
@_cdecl("LLVMFuzzerTestOneInput")
public func testOneInput(_ start: UnsafePointer<UInt8>?, _ count: Int) -> Int32 {
  Statements.read(Array(UnsafeBufferPointer(start: start, count: count)))
  return 0
}
