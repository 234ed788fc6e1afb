/// Finds what was probably meant.
package enum Suggestion {
  /// The candidate closest to `word`, if one is close enough to be a slip of the fingers: at most one edit in three letters.
  package static func closest(to word: String, among candidates: [String]) -> String? {
    let typed = Array(word.utf8)
    // A word this long is no typing slip, and the table below grows with its square.
    guard !typed.isEmpty, typed.count <= 64 else { return nil }
    var best: String?
    var bestDistance = Int.max
    for candidate in candidates {
      let distance = editDistance(typed, Array(candidate.utf8))
      if distance <= max(1, max(typed.count, candidate.utf8.count) / 3), distance < bestDistance {
        best = candidate
        bestDistance = distance
      }
    }
    if best == nil, typed.count >= 3 {
      best = candidates.first { $0.hasBytePrefix(word) }
    }
    return best
  }

  /// Insertions, deletions, replacements and swaps of neighbours that turn one word into the other.
  static func editDistance(_ first: [UInt8], _ second: [UInt8]) -> Int {
    var beforeLast = [Int](repeating: 0, count: second.count + 1)
    var last = Array(0...second.count)
    for row in 0..<first.count {
      var current = [Int](repeating: 0, count: second.count + 1)
      current[0] = row + 1
      for column in 0..<second.count {
        let replaced = last[column] + (first[row] == second[column] ? 0 : 1)
        current[column + 1] = min(replaced, last[column + 1] + 1, current[column] + 1)
        if row > 0, column > 0, first[row] == second[column - 1], first[row - 1] == second[column] {
          current[column + 1] = min(current[column + 1], beforeLast[column - 1] + 1)
        }
      }
      beforeLast = last
      last = current
    }
    return last[second.count]
  }
}
