package import SQLite

/// How two values of one cell are compared when their versions are equal: `Documentation/state-format.md`, section 4.
package enum ValueOrder: Equatable, Sendable {
  case smaller, equal, larger
}

extension SQLiteValue {
  /// The order of merging, which is not SQLite's: NULL < blob < text < real < integer, and within a class by number or byte.
  package func order(against other: SQLiteValue) -> ValueOrder {
    switch (self, other) {
    case (.null, .null): .equal
    case (.integer(let a), .integer(let b)): a < b ? .smaller : a == b ? .equal : .larger
    case (.real(let a), .real(let b)): a < b ? .smaller : a == b ? .equal : .larger
    case (.text(let a), .text(let b)), (.blob(let a), .blob(let b)): compare(a, b)
    default: rank < other.rank ? .smaller : .larger
    }
  }

  private var rank: Int {
    switch self {
    case .null: 0
    case .blob: 1
    case .text: 2
    case .real: 3
    case .integer: 4
    }
  }
}

/// By bytes; a proper prefix is smaller.
private func compare(_ a: [UInt8], _ b: [UInt8]) -> ValueOrder {
  let count = min(a.count, b.count)
  for index in 0..<count where a[index] != b[index] { return a[index] < b[index] ? .smaller : .larger }
  return a.count < b.count ? .smaller : a.count == b.count ? .equal : .larger
}

extension BorrowedValue {
  /// Whether two values of a row are one and the same for capture: type and value, with 0.0 and -0.0 equal.
  func isSame(as other: BorrowedValue) -> Bool {
    let storage = storageClass
    guard storage == other.storageClass else { return false }
    switch storage {
    case .null: return true
    case .integer: return integer == other.integer
    case .real: return real == other.real
    case .text, .blob:
      return withBytes { a in
        other.withBytes { b in a.count == b.count && a.elementsEqual(b) }
      }
    }
  }
}
