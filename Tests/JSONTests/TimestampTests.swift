import JSON
import Testing

struct TimestampTests {
  @Test(
    arguments: [
      (0, "1970-01-01T00:00:00Z"), (UInt64.max, "2554-07-21T23:34:33.709551615Z"),
      (1_795_223_384_622_498_500, "2026-11-21T01:09:44.6224985Z"), (951_782_400_000_000_000, "2000-02-29T00:00:00Z"),
      (1_000, "1970-01-01T00:00:00.000001Z"), (100_000_000, "1970-01-01T00:00:00.1Z"),
      (1, "1970-01-01T00:00:00.000000001Z"),
      (4_107_542_399_000_000_000, "2100-02-28T23:59:59Z"), (4_107_542_400_000_000_000, "2100-03-01T00:00:00Z"),
      (86_399_999_999_999, "1970-01-01T23:59:59.999999999Z"),
    ] as [(UInt64, String)])
  func printedAndReadBack(time: UInt64, expected: String) throws {
    #expect(written { $0.appendTimestamp(time) } == expected)
    #expect(try nanoseconds(expected) == time)
  }

  @Test(
    arguments: [
      ("1970-01-01T01:00:00+01:00", 0), ("1969-12-31T23:00:00-01:00", 0), ("1970-01-01t00:00:01z", 1_000_000_000),
      ("1970-01-01 00:00:00.5Z", 500_000_000), ("1970-01-01T00:00:00.1234567899Z", 123_456_789),
      ("1970-01-01T00:00:60Z", 60_000_000_000), ("1970-01-02T00:00:00+23:59", 60_000_000_000),
    ] as [(String, UInt64)])
  func otherSpellingsAreRead(source: String, expected: UInt64) throws {
    #expect(try nanoseconds(source) == expected)
  }

  @Test(
    arguments: [
      ("", .malformed), ("2026", .malformed), ("2026-11-21", .malformed), ("2026-11-21T01:02:03", .malformed),
      ("2026-13-01T00:00:00Z", .malformed), ("2026-00-01T00:00:00Z", .malformed), ("2026-02-29T00:00:00Z", .malformed),
      ("2100-02-29T00:00:00Z", .malformed), ("2026-04-31T00:00:00Z", .malformed), ("2026-04-00T00:00:00Z", .malformed),
      ("2026-04-01T24:00:00Z", .malformed), ("2026-04-01T00:60:00Z", .malformed), ("2026-04-01T00:00:61Z", .malformed),
      ("2026-04-01T00:00:00.Z", .malformed), ("2026-04-01T00:00:00Zx", .malformed),
      ("2026-04-01T00:00:00+0100", .malformed),
      ("2026-04-01T00:00:00+24:00", .malformed), ("+026-04-01T00:00:00Z", .malformed),
      ("1969-12-31T23:59:59Z", .tooEarly),
      ("0000-01-01T00:00:00Z", .tooEarly), ("2554-07-21T23:34:33.709551616Z", .tooLate),
      ("9999-12-31T23:59:59Z", .tooLate),
    ] as [(String, Timestamp.Fault)])
  func everythingElseIsRefused(source: String, fault: Timestamp.Fault) {
    #expect(throws: fault) { try nanoseconds(source) }
  }

  @Test func everyDayOfFourCenturiesFollowsTheOneBefore() throws {
    var (year, month, day) = (1970, 1, 1)
    for index in 0..<146_097 as Range<UInt64> {
      let expected = "\(pad(year, 4))-\(pad(month, 2))-\(pad(day, 2))T00:00:00Z"
      #expect(written { $0.appendTimestamp(index * 86_400_000_000_000) } == expected)
      let isLeap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0)
      let lengths = [31, isLeap ? 29 : 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31]
      day += 1
      if day > lengths[month - 1] { (month, day) = (month + 1, 1) }
      if month > 12 { (year, month) = (year + 1, 1) }
    }
  }

  private func pad(_ number: Int, _ width: Int) -> String {
    let digits = String(number)
    return String(repeating: "0", count: width - digits.count) + digits
  }
}
