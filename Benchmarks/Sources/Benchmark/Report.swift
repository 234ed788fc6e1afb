import JSON
import Platform

/// One line of the report.
struct Row {
  enum Better { case higher, lower }
  var name: String
  /// What was measured, in words: "2.31 M/s", "412 ns".
  var figure: String
  /// The peer or limit that it stands beside.
  var beside: String
  /// The peer's figure.
  var peerFigure: String
  /// The median of the ratios of the single runs.
  var ratio: Double
  /// What has to be reached; nil: for information.
  var target: Double?
  var better = Better.higher

  var isMet: Bool? {
    target.map { better == .higher ? ratio >= $0 : ratio <= $0 }
  }
}

/// The lines so far, and how they are shown.
struct Report {
  private(set) var rows: [Row] = []

  mutating func add(_ row: Row) {
    rows.append(row)
    try? File.standardError().write(Array("  \(row.name)\n".utf8))
  }

  var table: String {
    var lines = [["", "measured", "beside", "its figure", "ratio", "target", ""]]
    for row in rows {
      let sign = row.better == .higher ? ">=" : "<="
      lines.append([
        row.name, row.figure, row.beside, row.peerFigure, decimals(row.ratio),
        row.target.map { "\(sign) \(decimals($0))" } ?? "",
        row.isMet.map { $0 ? "met" : "MISSED" } ?? "",
      ])
    }
    let widths = (0..<7).map { column in lines.map { $0[column].count }.max() ?? 0 }
    return lines.map { line in
      var text = ""
      for (cell, width) in zip(line, widths) { text += cell + String(repeating: " ", count: width - cell.count + 2) }
      while text.last == " " { text.removeLast() }
      return text + "\n"
    }.joined()
  }

  var json: String {
    let objects = rows.map { row in
      let target = row.target.map { ",\"target\":\($0),\"met\":\(row.isMet == true)" } ?? ""
      return "{\"name\":\"\(row.name)\",\"figure\":\"\(row.figure)\",\"beside\":\"\(row.beside)\","
        + "\"peer_figure\":\"\(row.peerFigure)\",\"ratio\":\(row.ratio.isFinite ? "\(row.ratio)" : "null"),"
        + "\"better\":\"\(row.better == .higher ? "higher" : "lower")\"\(target)}"
    }
    return "{\"rows\":[\n" + objects.joined(separator: ",\n") + "\n]}\n"
  }
}

/// Three significant digits or so, without an exponent; "-" for what is no number.
func decimals(_ value: Double) -> String {
  guard value.isFinite, abs(value) < 1e15 else { return "-" }
  let scale = abs(value) >= 100 ? 1 : abs(value) >= 10 ? 10 : 100
  let scaled = Int(abs(value) * Double(scale) + 0.5)
  let sign = value < 0 ? "-" : ""
  if scale == 1 { return "\(sign)\(scaled)" }
  let fraction = "\(scale + scaled % scale)".dropFirst()
  return "\(sign)\(scaled / scale).\(fraction)"
}

/// Operations a second, from nanoseconds for one.
func rate(_ nanoseconds: Double) -> String {
  let perSecond = 1e9 / nanoseconds
  return perSecond >= 1e6 ? "\(decimals(perSecond / 1e6)) M/s" : "\(decimals(perSecond / 1e3)) k/s"
}

func duration(_ nanoseconds: Double) -> String {
  nanoseconds >= 1e6
    ? "\(decimals(nanoseconds / 1e6)) ms"
    : nanoseconds >= 1e3 ? "\(decimals(nanoseconds / 1e3)) us" : "\(decimals(nanoseconds)) ns"
}
