/// Numbers and moments as people read them.
package enum HumanFormat {
  /// A size: plain digits under 1024, else the largest of K, M and G, whole when exact and with one decimal otherwise.
  package static func size(_ bytes: UInt64) -> String {
    let units: [(UInt64, String)] = [(1 << 30, "G"), (1 << 20, "M"), (1 << 10, "K")]
    guard let (unit, letter) = units.first(where: { bytes >= $0.0 }) else { return "\(bytes)" }
    let (whole, rest) = bytes.quotientAndRemainder(dividingBy: unit)
    if rest == 0 { return "\(whole)\(letter)" }
    let tenths = (rest * 10 + unit / 2) / unit
    return tenths == 10 ? "\(whole + 1).0\(letter)" : "\(whole).\(tenths)\(letter)"
  }

  /// How long ago, in the largest unit that fits: `5s ago`. At least one second; days up to six, then weeks. `-` if unknown.
  package static func age(milliseconds: UInt64?) -> String {
    guard let milliseconds else { return "-" }
    let seconds = max(1, milliseconds / 1000)
    switch seconds {
    case ..<60: return "\(seconds)s ago"
    case ..<3600: return "\(seconds / 60)m ago"
    case ..<86_400: return "\(seconds / 3600)h ago"
    case ..<604_800: return "\(seconds / 86_400)d ago"
    default: return "\(seconds / 604_800)w ago"
    }
  }

  /// A share in hundredths of a percent as `12.34`.
  package static func percent(hundredths: UInt64) -> String {
    let (whole, rest) = hundredths.quotientAndRemainder(dividingBy: 100)
    return "\(whole)." + (rest < 10 ? "0\(rest)" : "\(rest)")
  }
}

/// Rows of cells in columns, as reports show them.
package struct Table {
  private var rows: [[String]]

  package init(_ headings: [String]) { rows = [headings] }

  package mutating func add(_ cells: [String]) { rows.append(cells.map(Self.oneLine)) }

  /// Two spaces between columns, every cell padded to its column, a newline after every row.
  package var text: String {
    var widths: [Int] = []
    for row in rows {
      for (column, cell) in row.enumerated() {
        if column == widths.count { widths.append(0) }
        widths[column] = max(widths[column], Self.columns(of: cell))
      }
    }
    var text = ""
    for row in rows {
      for (column, cell) in row.enumerated() {
        if column > 0 { text += "  " }
        text += cell + String(repeating: " ", count: widths[column] - Self.columns(of: cell))
      }
      text += "\n"
    }
    return text
  }

  /// Line ends and escape sequences must not break the table, nor act on the terminal.
  package static func oneLine(_ cell: String) -> String {
    var bytes: [UInt8] = []
    for byte in cell.utf8 {
      switch byte {
      case 0x0A: bytes += Array("\\n".utf8)
      case 0x0D: bytes += Array("\\r".utf8)
      case 0..<0x20, 0x7F: bytes.append(UInt8(ascii: "?"))
      default: bytes.append(byte)
      }
    }
    return String(decoding: bytes, as: UTF8.self)
  }

  /// One column a character.
  package static func columns(of cell: String) -> Int {
    cell.utf8.reduce(0) { $0 + ($1 & 0xC0 == 0x80 ? 0 : 1) }
  }
}
