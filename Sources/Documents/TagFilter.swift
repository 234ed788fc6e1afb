package import Lite3

/// Keeps messages that carry every one of some tags, compared byte by byte.
package struct TagFilter {
  private let wanted: [[UInt8]]

  package init(_ tags: [String]) { wanted = tags.map { Array($0.utf8) } }

  /// - Throws: When the message's tags cannot be read.
  package func passes(_ payload: RawSpan) throws(Lite3Error) -> Bool {
    if wanted.isEmpty { return true }
    let root = try Lite3Document(payload).root()
    guard let meta = try root.member("meta"), let tags = try meta.member("tags") else { return false }
    for tag in wanted where try !holds(tags, tag) { return false }
    return true
  }

  private func holds(_ tags: borrowing Lite3Value, _ wanted: [UInt8]) throws(Lite3Error) -> Bool {
    for index in 0..<tags.count {
      guard let tag = try tags.element(index), let text = tag.string else { continue }
      if text.byteCount == wanted.count, text.withUnsafeBytes({ $0.elementsEqual(wanted) }) { return true }
    }
    return false
  }
}
