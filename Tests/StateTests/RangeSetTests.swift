import State
import Support
import Testing

@Suite struct RangeSetTests {
  @Test func agreesWithASetOfNumbers() {
    var random = SplitMix(seed: 7)
    for _ in 0..<300 {
      var (ranges, numbers) = (RangeSet64(), Set<UInt64>())
      for _ in 0..<12 {
        let low = UInt64.random(in: 0...30, using: &random)
        let range = low...low + UInt64.random(in: 0...8, using: &random)
        if Bool.random(using: &random) {
          ranges.insert(range)
          numbers.formUnion(range)
        } else {
          ranges.remove(range)
          numbers.subtract(range)
        }
      }
      #expect(Set(ranges.ranges.flatMap { Array($0) }) == numbers)
      #expect(zip(ranges.ranges, ranges.ranges.dropFirst()).allSatisfy { $0.upperBound + 1 < $1.lowerBound })
      #expect(Set(ranges.gaps(within: 0...40).flatMap { Array($0) }) == Set(0...40).subtracting(numbers))
      #expect((0...40).allSatisfy { ranges.contains($0) == numbers.contains($0) })
    }
  }

  @Test func holdsTheLargestNumbers() {
    var ranges = RangeSet64([UInt64.max - 1...UInt64.max])
    ranges.insert(0...0)
    ranges.insert(UInt64.max - 2...UInt64.max - 2)
    #expect(ranges.ranges == [0...0, UInt64.max - 2...UInt64.max])
  }

  @Test(.timeLimit(.minutes(1))) func aVersionFarAheadCostsNoMoreThanOneNearby() throws {
    let (from, to) = (try Fixture(site: 1), try Fixture(site: 2))
    try from.write("INSERT INTO t VALUES (1, 'x', 1)")
    var set = try from.sets()[0]
    set.version = UInt64(Int64.max)
    set.lastSeq = 5
    for index in set.changes.indices { set.changes[index].version = set.version }
    #expect(try to.store.receive([set]) == [.partial])
    #expect(to.store.versions(of: set.site).missing.count == set.version - 1)
    #expect(try to.store.heads() == [:])
  }

  @Test func aSiteKnowsWhatCameAndWhatIsMissing() {
    var versions = SiteVersions()
    versions.know(1...2)
    versions.know(5...5)
    #expect(versions.head == 5)
    #expect(versions.missing.ranges == [3...4])
    versions.received(4, 0...1, lastSeq: 3, time: 9)
    #expect(versions.missing.ranges == [3...3])
    #expect(versions.knows(4, seqs: 0...1) && !versions.knows(4) && !versions.knows(4, seqs: 1...2))
    versions.received(4, 3...3, lastSeq: 3, time: 9)
    #expect(versions.partial[4]?.missing == [2...2])
    versions.know(3...4)
    #expect(versions.missing.isEmpty && versions.partial.isEmpty && versions.knows(4))
  }
}
