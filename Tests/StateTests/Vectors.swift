import JSON
import Platform
import SQLite
import State
import Support

/// A JSON value, for the file of vectors.
indirect enum Node {
  case object([String: Node])
  case array([Node])
  case text(String)
  case number(Int64)
  case bool(Bool)
  case null

  init(file path: String) throws {
    var parser = JSONParser()
    let bytes = try contents(path)
    let tape = try parser.parse(bytes.span.bytes)
    self.init(tape, tape.root)
  }

  private init(_ tape: borrowing JSONTape, _ index: Int) {
    switch tape.kind(at: index) {
    case .object:
      var members: [String: Node] = [:]
      var key = index + 1
      while key < tape.next(after: index) - 1 {
        members[tape.text(at: key) ?? ""] = Node(tape, key + 1)
        key = tape.next(after: key + 1)
      }
      self = .object(members)
    case .array:
      var elements: [Node] = []
      var element = index + 1
      while element < tape.next(after: index) - 1 {
        elements.append(Node(tape, element))
        element = tape.next(after: element)
      }
      self = .array(elements)
    case .string: self = .text(tape.text(at: index) ?? "")
    case .true, .false: self = .bool(tape.bool(at: index) ?? false)
    case .signed: self = .number(tape.signed(at: index) ?? 0)
    default: self = .null
    }
  }

  subscript(name: String) -> Node {
    if case .object(let members) = self { return members[name] ?? .null }
    return .null
  }

  var members: [(String, Node)] {
    if case .object(let members) = self { return members.sorted { $0.key < $1.key } }
    return []
  }

  var elements: [Node] {
    if case .array(let elements) = self { return elements }
    return []
  }

  var text: String {
    if case .text(let text) = self { return text }
    return ""
  }

  var number: Int64 {
    if case .number(let number) = self { return number }
    return 0
  }

  var isTrue: Bool {
    switch self {
    case .bool(let value): value
    case .number(let number): number != 0
    default: false
    }
  }

  var isNull: Bool {
    if case .null = self { return true }
    return false
  }
}

func bytes(hex text: String) -> [UInt8] {
  let digits = text.utf8.map { $0 >= 0x61 ? $0 - 0x61 + 10 : $0 - 0x30 }
  return stride(from: 0, to: digits.count - 1, by: 2).map { digits[$0] << 4 | digits[$0 + 1] }
}

extension SQLiteValue {
  /// A value as the vectors have it.
  init(_ node: Node) {
    guard let (kind, value) = node.members.first else {
      self = .null
      return
    }
    switch kind {
    case "i": self = .integer(Int64(value.text) ?? 0)
    case "r": self = .real(Double(bitPattern: UInt64(value.text, radix: 16) ?? 0))
    case "t": self = SQLiteValue(value.text)
    default: self = .blob(bytes(hex: value.text))
    }
  }
}

/// One file of vectors.
struct VectorFile {
  let sites: [String: SiteID]
  let vectors: [Node]

  init(_ path: String) throws {
    let file = try Node(file: path)
    var sites: [String: SiteID] = [:]
    for (name, id) in file["site_ids"].members { sites[name] = SiteID(bytes(hex: id.text)) }
    self.sites = sites
    vectors = file["vectors"].elements
  }

  /// Those in this folder, or those of `WEIR_CRDT_VECTORS`.
  static let chosen =
    Process.environment("WEIR_CRDT_VECTORS") ?? Paths.join(Paths.parent(of: #filePath) ?? ".", "crdt-vectors.json")
}
