import Agent
import Promise

/// Any bytes as a node's configuration file: an error with words, or settings that are printed as a file that means the same.
enum NodeConfiguration {
  static func read(_ bytes: [UInt8]) {
    let printed: String
    switch ConfigurationCheck.effective(bytes) {
    case .failure(let problem): return promise(!problem.message.isEmpty, "an error has words")
    case .success(let text): printed = text
    }
    guard case .success(let again) = ConfigurationCheck.effective(Array(printed.utf8)) else {
      return promise(false, "what is printed can be read")
    }
    promise(assignments(again) == assignments(printed), "what is printed means the same")
  }

  /// The lines without the comments, which say where each value came from.
  private static func assignments(_ text: String) -> [[UInt8]] {
    let lines = Array(text.utf8).split(separator: UInt8(ascii: "\n"))
    return lines.filter { $0.first != UInt8(ascii: "#") }.map { withoutComment(Array($0)) }
  }

  /// Comments are `  # line 7` and the like; a value may have the same characters, but not at its very end.
  private static func withoutComment(_ line: [UInt8]) -> [UInt8] {
    let mark = Array("  # line ".utf8)
    guard line.count >= mark.count else { return line }
    for start in (0...(line.count - mark.count)).reversed() where line[start...].starts(with: mark) {
      return line[start...].contains(UInt8(ascii: "\"")) ? line : Array(line[..<start])
    }
    return line
  }
}

/// What libFuzzer calls with one input after the other.
@_cdecl("LLVMFuzzerTestOneInput")
public func testOneInput(_ start: UnsafePointer<UInt8>?, _ count: Int) -> Int32 {
  NodeConfiguration.read(Array(UnsafeBufferPointer(start: start, count: count)))
  return 0
}
