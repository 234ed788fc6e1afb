import Testing

@testable import Channels

@Suite struct ChannelNumbersTests {
  @Test func everyNumberIsGivenOutOnceAndThenNoMore() {
    var numbers = ChannelNumbers()
    var random = SeededNumbers(state: 5)
    var taken: Set<UInt16> = []
    while let number = numbers.take(random: random.next()) {
      #expect(taken.insert(number).inserted)
    }
    #expect(taken.count == ChannelNumbers.capacity)
    #expect(!taken.contains(0) && !taken.contains(.max))
    #expect(numbers.count == ChannelNumbers.capacity)
    #expect(numbers.take(random: 0) == nil)
    numbers.release(4711)
    #expect(numbers.take(random: 1) == 4711)
    #expect(numbers.take(random: 2) == nil)
  }

  @Test(
    arguments: [(0, 1), (1, 1), (7, 7), (65_534, 65_534), (65_535, 1), (65_536, 1), (UInt64.max, 1)]
      as [(UInt64, UInt16)])
  func numbersBeginWhereChanceSays(random: UInt64, number: UInt16) {
    var numbers = ChannelNumbers()
    #expect(numbers.take(random: random) == number)
    #expect(numbers.isInUse(number))
  }

  @Test func releasedNumbersRest() {
    var numbers = ChannelNumbers()
    for _ in 0..<1025 { #expect(numbers.take(random: 100) != nil) }
    for number in UInt16(100)...1124 { #expect(numbers.release(number) == true) }
    // 100 was pushed out by the 1024 after it.
    #expect(numbers.take(random: 100) == 100)
    #expect(numbers.take(random: 100) == 1125)
    #expect(numbers.count == 2)
  }

  @Test func theLongestRestIsEndedFirstWhenNothingElseIsFree() {
    var numbers = ChannelNumbers()
    while numbers.take(random: 1) != nil {}
    for number: UInt16 in [9, 3, 6] { numbers.release(number) }
    let taken = (0..<4).map { _ in numbers.take(random: 5) }
    #expect(taken == [9, 3, 6, nil])
  }

  @Test func onlyNumbersInUseAreReleased() {
    var numbers = ChannelNumbers()
    let released = [0, 1, .max].map { numbers.release($0) }
    #expect(released == [false, false, false])
    #expect(numbers.take(random: 1) == 1)
    #expect(numbers.release(1) == true)
    #expect(numbers.release(1) == false)
    #expect(!numbers.isInUse(1) && numbers.count == 0)
  }

  /// Against a plain list of what is in use and what rests.
  @Test func agreesWithAPlainModel() {
    var numbers = ChannelNumbers()
    var random = SeededNumbers(state: 6)
    var used: [UInt16] = []
    var rest: [UInt16] = []
    for _ in 0..<20_000 {
      if used.isEmpty || random.next() % 5 < 2 {
        let start = random.next() % 2000
        guard let number = numbers.take(random: start) else { continue }
        #expect(!used.contains(number) && !rest.contains(number))
        used.append(number)
      } else {
        let number = used.remove(at: Int(random.next() % UInt64(used.count)))
        #expect(numbers.release(number) == true)
        rest.append(number)
        if rest.count > ChannelNumbers.restLimit { rest.removeFirst() }
      }
      #expect(numbers.count == used.count)
    }
  }
}
