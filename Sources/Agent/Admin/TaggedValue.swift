internal import Documents
internal import JSON

/// A value of an enumeration as the channel's JSON writes it: `"Name"`, or `{"Name": …}` with what belongs to it, which may be
/// such a value again.
struct TaggedValue {
  let name: String
  /// What belongs to it; nil where the name says all.
  let content: Report?

  /// nil if it is neither a string nor an object of one member.
  init?(_ report: Report) {
    switch report {
    case .text(let name): (self.name, content) = (name, nil)
    case .object(let members) where members.count == 1: (name, content) = (members[0].0, members[0].1)
    default: return nil
    }
  }

  /// What belongs to the name, if that is such a value.
  var inner: TaggedValue? { content.flatMap { TaggedValue($0) } }
}

extension Report {
  /// The value of the last member of this name; nil if there is none, or this is no object.
  func member(_ name: String) -> Report? {
    guard case .object(let members) = self else { return nil }
    return members.last { $0.0.utf8.elementsEqual(name.utf8) }?.1
  }

  var text: String? { if case .text(let text) = self { text } else { nil } }

  var flag: Bool? { if case .bool(let flag) = self { flag } else { nil } }

  /// Of a list that has nothing but texts.
  var texts: [String]? {
    guard case .list(let elements) = self else { return nil }
    let texts = elements.compactMap { $0.text }
    return texts.count == elements.count ? texts : nil
  }

  var whole: UInt64? { if case .whole(let number) = self { number } else { nil } }

  /// The value that a JSON text writes.
  ///
  /// - Throws: What is wrong with the text, if it is none.
  init(json bytes: [UInt8]) throws(JSONError) {
    var parser = JSONParser()
    let tape = try parser.parse(bytes.span.bytes)
    self.init(tape, at: tape.root)
  }

  /// As JSON text.
  var json: [UInt8] { line(.compact).output.withUnsafeBytes { Array($0.dropLast()) } }
}
