/// A set of numbers as ranges that neither touch nor overlap, in order.
package struct RangeSet64: Equatable, Sendable {
  package private(set) var ranges: [ClosedRange<UInt64>] = []

  /// The empty set.
  package init() {}

  /// The numbers of these ranges, in any order.
  package init(_ ranges: [ClosedRange<UInt64>]) { for range in ranges { insert(range) } }

  package var isEmpty: Bool { ranges.isEmpty }
  /// How many numbers it has.
  package var count: UInt64 { ranges.reduce(0) { $0 &+ ($1.upperBound - $1.lowerBound) &+ 1 } }

  package func contains(_ number: UInt64) -> Bool { covers(number...number) }

  /// The range that has the number.
  package func range(of number: UInt64) -> ClosedRange<UInt64>? {
    let index = firstIndex(endingAtOrAfter: number)
    return index < ranges.count && ranges[index].contains(number) ? ranges[index] : nil
  }

  /// Whether it has all numbers of the range.
  package func covers(_ range: ClosedRange<UInt64>) -> Bool {
    let index = firstIndex(endingAtOrAfter: range.lowerBound)
    guard index < ranges.count else { return false }
    return ranges[index].lowerBound <= range.lowerBound && ranges[index].upperBound >= range.upperBound
  }

  package mutating func insert(_ range: ClosedRange<UInt64>) {
    // What touches the range melts into it.
    let first = firstIndex(endingAtOrAfter: range.lowerBound == 0 ? 0 : range.lowerBound - 1)
    var (low, high) = (range.lowerBound, range.upperBound)
    var end = first
    while end < ranges.count, ranges[end].lowerBound <= (high == .max ? .max : high + 1) {
      low = min(low, ranges[end].lowerBound)
      high = max(high, ranges[end].upperBound)
      end += 1
    }
    ranges.replaceSubrange(first..<end, with: [low...high])
  }

  package mutating func remove(_ range: ClosedRange<UInt64>) {
    let first = firstIndex(endingAtOrAfter: range.lowerBound)
    var end = first
    var kept: [ClosedRange<UInt64>] = []
    while end < ranges.count, ranges[end].lowerBound <= range.upperBound {
      if ranges[end].lowerBound < range.lowerBound { kept.append(ranges[end].lowerBound...range.lowerBound - 1) }
      if ranges[end].upperBound > range.upperBound { kept.append(range.upperBound + 1...ranges[end].upperBound) }
      end += 1
    }
    ranges.replaceSubrange(first..<end, with: kept)
  }

  /// The numbers of `whole` that it does not have.
  package func gaps(within whole: ClosedRange<UInt64>) -> [ClosedRange<UInt64>] {
    var rest = RangeSet64([whole])
    for range in ranges { rest.remove(range) }
    return rest.ranges
  }

  private func firstIndex(endingAtOrAfter number: UInt64) -> Int {
    var (low, high) = (0, ranges.count)
    while low < high {
      let middle = (low + high) / 2
      if ranges[middle].upperBound < number { low = middle + 1 } else { high = middle }
    }
    return low
  }
}
